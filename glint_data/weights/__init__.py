"""Where the weights of networks are found, and how they are read: for training as for labelling.

One policy: a file named by the user comes first, then the hub's and open_clip's caches on this machine, then
installed packages. Nothing is fetched unless GLINT_DATA_DOWNLOAD is 1, and no pickled code is ever run. What was
read is known by the hash of its content.
"""
