"""Where things lie and how they are written: disks and object stores, whole files or none."""
