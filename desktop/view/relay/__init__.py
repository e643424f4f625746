"""“This relay”, for who owns it: a sheet with sections, each a module of this package.

To add a section, write a module with ``build(parent, desk) -> tk.Frame`` that returns a `panel.OwnerPanel`, and add a line to
`sections.SECTIONS`. A panel asks the relay with `OwnerPanel.order`, which takes a command of the wire as it is, and hears what came
of it by `heard` or `refused`: nothing else has to be told of a new command between here and the wire. The panel is made anew whenever the
section is opened or the look changes; what must not be asked for again then (a secret that is shown once) goes into `RelayDesk.kept`.
"""
