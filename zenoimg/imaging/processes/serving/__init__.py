"""What runs in a helper process, whatever its work is: no package around this one is imported.

``wire``  requests and answers, which both processes import
``loop``  one request after another until the input ends

The process is started for speed and isolation without site-packages. Its other package is the ``worker`` of a format,
whose ``serve.start`` returns what the loop calls. Modules of both import their own package relatively, and nothing else
of ours.
"""
