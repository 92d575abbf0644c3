"""Deploy the stack.

    settle     wait for another change of the stack        ``planning``
    plan       read the stack, build the zips,
               create the change set                       ``planning`` → ``plan``
    try        watermark a sample with a new recipe        ``trial``
    decide     show, ask; discard a rejected plan          ``planning``
    execute    upload the zips, execute the change set     ``execution``
    test       send photos through the new version         ``run``, ``smoke``
    protect    the table, after the first passed test      ``protection``
    roll back  when the test fails; test again             ``run``, ``rollback`` → ``outcome``

``target``       where to deploy: AWS session, settings, the role that CloudFormation assumes
``taken_names``  the names of a first deploy, and which of them are taken
``previous``     the last version with another recipe, kept as parameters
``errors``       explanations of AWS errors
"""
