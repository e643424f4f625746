-- The master key can be exchanged: its data keys are then replaced one by one, while people go on talking.

ALTER TABLE data_keys ADD COLUMN successor INTEGER; -- the key that its entries are sealed with anew; 0: it does not open; NULL: in use
