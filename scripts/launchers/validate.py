"""Reads YAML files, and validates them by Kubernetes' schemas. Started by the Python that has kubernetes-validate.

    python validate.py FILE ...        prints {file: {"documents": [...], "faults": [...]}, ...}
"""
import json
import sys

import kubernetes_validate
import yaml

# The oldest that has all that is used, and the newest known.
VERSIONS = ["1.29", kubernetes_validate.latest_version()]


def faults(document):
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(map(str, error.path))
            yield f"{document.get('kind')} in {version}: {place}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield error.message
        except (KeyError, AttributeError) as error:
            yield f"is no object of Kubernetes: {error}"


answer = {}
for path in sys.argv[1:]:
    with open(path) as file:
        documents = list(yaml.safe_load_all(file))
    # kustomize's own file has no schema of Kubernetes.
    resources = [document for document in documents if document.get("kind") != "Kustomization"]
    answer[path] = {"documents": documents, "faults": [fault for each in resources for fault in faults(each)]}
json.dump(answer, sys.stdout)
