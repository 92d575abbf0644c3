"""Deploy the stack.

    settle     wait for another change of the stack        ``planning``
    plan       read the stack, build the zips,
               create the change set                       ``planning`` → ``plan``
    try        watermark a sample by a new recipe          ``trial``
    decide     show, ask; discard a refused plan           ``planning``
    execute    upload the zips, execute the change set     ``execution``
    test       send photos through the new version         ``run``, ``smoke``
    protect    the table, after the first test passed      ``protection``
    roll back  when the test fails; test again             ``run``, ``rollback`` → ``outcome``

``target``       where a deploy acts: AWS session, settings, role of CloudFormation
``taken_names``  the names of a first deploy, and what already uses them
``previous``     the last version with another recipe, kept as parameters
``errors``       refusals of AWS in words
"""
