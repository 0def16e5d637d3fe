"""A fictional retailer: eleven sources with planted faults, at the volume of a real one."""
