"""What must not move when the code does: golden files that an earlier program wrote.

``golden/`` holds what other programs, people and disks of the field hold on to: settings, commands,
codes, metrics, log events, addresses, tables, stored words, messages on the wire, a station's
journal, a package, the answers in JSON. Each test reads one of them with the present program, or
lets the present program write the same again, and names the line that differs.

A line that is gone or says something else is a broken promise: stations of the version before,
journals on disks, pôle applications, dashboards, scripts. Mend the program, not the file. A line
that is new is a new promise: renew the lists with ``python -m tests.compat.write`` and let the
difference be read by whoever reviews the change. A promise may be taken back on purpose; then the
CHANGELOG says so, and the migration that carries old data over comes with it.

What an earlier version wrote is never renewed: ``journal-*.tar.gz`` is a station's whole work
directory, 2 that of release 0.3.0; ``journal-*.wire.json`` what it says to the centre, byte for
byte; ``status-0.3.0.json`` what that release showed of it. When the journal's schema goes on, its
number is added to ``journals.VERSIONS`` and ``write`` makes a journal of it. The chain goes on from
there: the wire's bytes go into a centre (``centre-answers.json``, ``centre.rows``) and out of it
again (``package-*``, ``delivered.json``); pôles give back (``returns.json``).

``present.py`` alone imports the product. Names and values in all files are invented.
"""
