"""The code common to all helper processes, which imports no package around this one.

``wire``  requests and answers, imported by both processes
``loop``  answers one request after another until the input ends

For speed and isolation the process is started without site-packages. Its other package is the ``worker`` of a format,
whose ``serve.start`` returns what the loop calls. Modules of both import their own package relatively, and none of our
other modules.
"""
