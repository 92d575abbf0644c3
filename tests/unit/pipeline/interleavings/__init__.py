"""Explore every interleaving of reconciling runs with changes of the original, with crashes and errors at each step.

``world``   what the stores hold, the runs, and the recipes
``replay``  a run of ``reconcile`` that replays its answers and is suspended at the next store operation
``search``  visit each state of the whole system once
``ends``    the states in which everything may end
"""
