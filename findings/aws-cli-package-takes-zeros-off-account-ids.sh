#!/usr/bin/env bash
# `aws cloudformation package` takes the quotes off "012345678901": readers of YAML 1.2 then see the number 12345678901.
#
# Versions: AWS CLI 1.45.11, js-yaml 5.5.0, yaml 2.9.1 (both npm). Seen on 2026-11-29.
# Expected: a quoted scalar is text in every version of YAML, and a tool that uploads code writes it in a way that stays so.
# Seen: PyYAML, which writes the result, quotes what YAML 1.1 would take for a number. An account id with an 8 or 9 is no octal number
#   there, and 1e5, without point and sign, no float. In YAML 1.2 (10.3.2) both are numbers: the zero is gone, the name is 100000.
#   CloudFormation itself stored 1.3376701607E10 for '012345678910' (awslabs/aws-service-catalog-factory, issue 128; for the command
#   see aws/aws-cli, issue 3991). Ids without an 8 or a 9 keep their quotes.
# Concerns: bucket policies, Mappings and Parameters of accounts whose id begins with 0, and short commit hashes such as 1234e56.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check awscli==1.45.11
npm install --silent --no-audit --no-fund --prefix "$work" js-yaml@5.5.0 yaml@2.9.1
cd "$work"
export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=us-east-1
cat > template.yaml <<'YAML'
Mappings:
  Accounts:
    Test:
      Id: "012345670123"
    Live:
      Id: "012345678901"
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: "1e5"
YAML
"$work/venv/bin/aws" cloudformation package --template-file template.yaml --s3-bucket unused > packaged.yaml
cat packaged.yaml
cat > read.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { readFileSync } from "node:fs";

import { load } from "js-yaml";
import { parse } from "yaml";

const values = ({ Mappings: { Accounts }, Resources }) => [Accounts.Test.Id, Accounts.Live.Id, Resources.Topic.Properties.DisplayName];
for (const read of [load, parse]) {
    const [before, after] = ["template.yaml", "packaged.yaml"].map(file => values(read(readFileSync(file, "utf8"))));
    console.log(read.name, before, "packaged:", after);
    assert.deepStrictEqual(before, ["012345670123", "012345678901", "1e5"]);
    assert.deepStrictEqual(after, ["012345670123", 12345678901, 100000], "text stays text now");
}
JAVASCRIPT
node read.mjs
