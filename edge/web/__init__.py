"""The only door to the web on the edge: the operators' page of a station.

Everything shown comes from the spool, so the page works whether the centre answers or not. It
has no sign-in: it listens on this machine only, and what it may do, the command line may too.
"""
