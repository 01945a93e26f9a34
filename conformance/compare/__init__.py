"""Two schemas beside each other: a build and its source, or an older and a newer one."""
