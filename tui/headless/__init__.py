"""What the headless commands are made of: values to lines, and snapshots to what is new in them. No screen."""
