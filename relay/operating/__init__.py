"""What whoever runs the relay may do with it: rules over the same journal and storage as everybody's commands."""
