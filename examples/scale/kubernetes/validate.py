"""Validates what `authbench emit kubernetes` writes, offline, against the published schemas of several versions.

    pip install kubernetes-validate==1.37.0 pyyaml
    authbench emit kubernetes scenarios/ --shards 16 | python3 validate.py 1.35 1.36 1.37

A manifest with a mistake has to be refused as well, or the schemas would prove nothing.
"""
import copy
import sys

import kubernetes_validate
import yaml

documents = [document for document in yaml.safe_load_all(sys.stdin) if document]
versions = sys.argv[1:] or ["1.35", "1.36", "1.37"]
for version in versions:
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)
        print(version, document["kind"], document["metadata"]["name"], "is valid")
    job = copy.deepcopy(next(document for document in documents if document["kind"] == "Job"))
    job["spec"]["backoffLimitPerIndexes"] = 0
    try:
        kubernetes_validate.validate(job, version, strict=True)
    except kubernetes_validate.ValidationError:
        print(version, "an unknown field is refused")
    else:
        sys.exit(f"{version}: an unknown field was not refused")
