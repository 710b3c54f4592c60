"""The manifests of Kubernetes: by its schemas, and by what they say of each other."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from .project import HOME, PROGRAMS, SCRIPTS

VALIDATOR = "kubernetes-validate==1.37.0"
KEY = "cluster.key"
# What a pod may run beside ours: Debian's.
TOOLS = ["install", "sleep"]


def check(project, report):
    folder = project.cluster / "kubernetes"
    python, reason = validating_python()
    if python is None:
        return report.skip("kubernetes", reason)
    paths = sorted(folder.rglob("*.yaml"))
    parsed, failure = validate(python, paths)
    if parsed is None:
        return report.check("kubernetes: every manifest can be read", [failure])
    for path in paths:
        if path.name != "kustomization.yaml":
            report.check(f"kubernetes: schemas: {path.relative_to(folder)}", parsed[str(path)]["faults"])

    kustomizations = {
        path.parent: parsed[str(path)]["documents"][0] for path in paths if path.name == "kustomization.yaml"}
    optional = [folder / name for name in re.findall(
        r"^ *# - (\S+\.yaml)$", (folder / "kustomization.yaml").read_text(), re.MULTILINE)]
    report.check("kubernetes: each manifest is named in a kustomization", check_named(paths, kustomizations, optional))
    report.check("kubernetes: the image's name is one", check_image(project, kustomizations, parsed))
    report.check("kubernetes: git ignores the key's file, and has none", check_ignored(project, folder))
    build(project, report, python, folder, optional)

    objects = Objects([document for path in paths if path.name != "kustomization.yaml"
                       for document in parsed[str(path)]["documents"]], kustomizations[folder])
    project.pod_commands = [
        (f"the pods of {pods.name}, {container['name']}", container.get("command", []) + container.get("args", []))
        for pods in objects.pods for container in pods.containers]
    for name, faults in {
        "services select pods, at ports that these have": check_services(objects),
        "secrets and claims that pods name exist": check_volumes(objects),
        "mounts and volumes belong together": check_mounts(objects),
        "the key is copied to memory with mode 600, and given from there": check_key(objects),
        "network policies select pods, and both ends of a connection allow it": check_policies(objects),
        "programs connect and listen where services and pods do": check_endpoints(objects),
        "jobs go on after 75 and evictions, and fail for 2 and 65": check_jobs(objects),
        "pods keep to the profile that the namespace demands": check_security(project, objects),
        "commands are in the image": check_commands(objects),
    }.items():
        report.check(f"kubernetes: {name}", faults)


# MARK: Tools

def validating_python():
    """A Python that has the schemas, or why there is none."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    home = cache / "heartbeatnet" / f"{VALIDATOR.replace('==', '-')}-python{sys.version_info[0]}.{sys.version_info[1]}"
    python = home / "bin/python"
    if (home / "complete").exists():
        return python, None
    shutil.rmtree(home, ignore_errors=True)
    for command in [sys.executable, "-m", "venv", home], [python, "-m", "pip", "install", "--quiet", VALIDATOR]:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            lines = done.stdout.strip().splitlines() or ["no output"]
            shutil.rmtree(home, ignore_errors=True)
            return None, f"{VALIDATOR} cannot be installed: {lines[-1]}"
    (home / "complete").touch()
    return python, None


def validate(python, paths):
    done = subprocess.run(
        [python, pathlib.Path(__file__).parent / "validate.py", *paths], capture_output=True, text=True, timeout=120)
    if done.returncode:
        return None, " ".join(done.stderr.strip().splitlines()[-3:])
    return json.loads(done.stdout), None


def build(project, report, python, folder, optional):
    """What kustomize makes of the folders, with every optional manifest and a key."""
    tool = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    if not shutil.which(tool[0]):
        return report.skip("kubernetes: kustomize", "neither kustomize nor kubectl is installed")
    copy = project.folder / "kubernetes"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.key"))
    project.run("hbn", "keygen", copy / KEY)
    kustomization = copy / "kustomization.yaml"
    text = kustomization.read_text()
    for path in optional:
        text = text.replace(f"# - {path.name}", f"- {path.name}")
    kustomization.write_text(text)
    for source in copy, copy / "storage":
        done = subprocess.run([*tool, source], capture_output=True, text=True, timeout=60)
        built = project.folder / f"{source.name}.yaml"
        built.write_text(done.stdout)
        faults = [line for line in done.stderr.splitlines() if line] if done.returncode or done.stderr else []
        if not faults:
            parsed, failure = validate(python, [built])
            faults = [failure] if parsed is None else parsed[str(built)]["faults"]
        report.check(f"kubernetes: {' '.join(tool)} of {source.name}/, and its schemas", faults)


# MARK: The files

def check_named(paths, kustomizations, optional):
    named = set(optional)
    for folder, kustomization in kustomizations.items():
        for name in kustomization["resources"]:
            named.add(folder / name)
            if not (folder / name).is_file():
                yield f"{folder.name}/kustomization.yaml names {name}, which is not there"
    for path in paths:
        if path.name != "kustomization.yaml" and path not in named:
            yield f"{path.name} is in no kustomization"
    if len({kustomization["namespace"] for kustomization in kustomizations.values()}) != 1:
        yield "the kustomizations are in different namespaces"


def check_image(project, kustomizations, parsed):
    texts = {str(kustomization.get("images")) for kustomization in kustomizations.values()}
    if len(texts) != 1:
        yield f"the kustomizations name {' and '.join(sorted(texts))}"
    image = next(iter(kustomizations.values()))["images"][0]
    used = set(re.findall(r"'image': '([^']+)'", str(parsed)))
    if used != {image["name"]}:
        yield f"{' and '.join(sorted(used))} instead of {image['name']}"
    for path in project.cluster / "container/Containerfile", project.cluster / "container/README.md":
        tags = set(re.findall(r"--tag (\S+)", path.read_text()))
        if tags != {image["name"]}:
            yield f"{path.name} builds {' and '.join(tags)}"
    version = project.run("hbn", "--version").split()[0]
    if image["newTag"] != version:
        yield f"its tag is {image['newTag']}, and the programs are {version}"


def check_ignored(project, folder):
    done = subprocess.run(["git", "check-ignore", "--quiet", folder / KEY], cwd=project.repository)
    if done.returncode:
        yield f"git does not ignore {KEY}"
    done = subprocess.run(["git", "ls-files", "*.key"], cwd=project.repository, capture_output=True, text=True)
    yield from (f"git has {line}" for line in done.stdout.splitlines())


# MARK: The objects

class Pods:
    """The pods of an object, all of them alike."""

    def __init__(self, document):
        self.document, self.kind, self.name = document, document["kind"], document["metadata"]["name"]
        template = document if self.kind == "Pod" else document["spec"]["template"]
        self.labels, self.spec = template["metadata"]["labels"], template["spec"]
        self.main = self.spec["containers"]
        self.containers = self.spec.get("initContainers", []) + self.main
        self.ports = {port["name"]: port["containerPort"] for container in self.main for port in container.get("ports", [])}
        self.words = [word for container in self.main for word in container.get("command", []) + container.get("args", [])]
        self.options = dict(word.split("=", 1) for word in self.words if word.startswith("--") and "=" in word)


class Objects:
    def __init__(self, documents, kustomization):
        self.of_kind = {}
        for document in documents:
            self.of_kind.setdefault(document["kind"], {})[document["metadata"]["name"]] = document
        self.pods = [Pods(document) for kind in ("Job", "Deployment", "StatefulSet", "Pod")
                     for document in self.of_kind.get(kind, {}).values()]
        # kustomize makes the secrets, with the files' names as keys.
        self.secrets = {each["name"]: each["files"] for each in kustomization["secretGenerator"]}
        self.keeps_names = kustomization.get("generatorOptions", {}).get("disableNameSuffixHash", False)

    def selected(self, selector):
        return [pods for pods in self.pods if selects(selector, pods.labels)]


def selects(selector, labels):
    for requirement in selector.get("matchExpressions", []):
        if requirement["operator"] != "In":
            raise ValueError(f"{requirement['operator']} is not known here")
        if labels.get(requirement["key"]) not in requirement["values"]:
            return False
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())


def check_services(objects):
    services = objects.of_kind.get("Service", {})
    if not services:
        yield "there is none"
    for name, service in services.items():
        selected = objects.selected({"matchLabels": service["spec"]["selector"]})
        if len(selected) != 1:
            yield f"{name} selects {' and '.join(pods.name for pods in selected) or 'nothing'}"
            continue
        for port in service["spec"]["ports"]:
            if selected[0].ports.get(port["targetPort"], port["targetPort"]) != port["port"]:
                yield f"{name} has port {port['port']}, and its pods' {port['targetPort']} is another"
            if port["targetPort"] not in selected[0].ports:
                yield f"{name}'s pods have no port {port['targetPort']}"


def check_volumes(objects):
    claims = objects.of_kind.get("PersistentVolumeClaim", {})
    used = set()
    for pods in objects.pods:
        for volume in pods.spec["volumes"]:
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            secret = volume.get("secret", {}).get("secretName")
            used |= {claim, secret} - {None}
            if claim and claim not in claims:
                yield f"{pods.name} names the claim {claim}, which is not there"
            if secret and secret not in objects.secrets:
                yield f"{pods.name} names the secret {secret}, which is not there"
    yield from (f"nobody uses {name}" for name in {*claims, *objects.secrets} - used)
    if not objects.keeps_names:
        yield "secrets change their names with their content, but jobs cannot change"


def check_mounts(objects):
    for pods in objects.pods:
        volumes = {volume["name"] for volume in pods.spec["volumes"]}
        mounted = set()
        for container in pods.containers:
            names = [mount["name"] for mount in container.get("volumeMounts", [])]
            paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            mounted |= set(names)
            yield from (f"{pods.name} has no volume {name}" for name in set(names) - volumes)
            if len(paths) != len(set(paths)):
                yield f"{pods.name} mounts two volumes at one place"
        for container in pods.main:
            if "/tmp" not in [mount["mountPath"] for mount in container["volumeMounts"]]:
                yield f"{pods.name}'s {container['name']} cannot write to /tmp"
        yield from (f"{pods.name} does not mount {name}" for name in volumes - mounted)


def check_key(objects):
    for pods in objects.pods:
        if pods.kind == "Pod":
            continue
        volumes = {volume["name"]: volume for volume in pods.spec["volumes"]}
        first = pods.spec.get("initContainers", [{}])[0]
        command = first.get("command", [])
        if command[:2] != ["install", "--mode=600"]:
            yield f"{pods.name} does not copy it with mode 600"
            continue
        (source, target), places = map(pathlib.PurePath, command[2:]), {
            mount["mountPath"]: volumes[mount["name"]] for mount in first["volumeMounts"]}
        secret = places.get(str(source.parent), {}).get("secret", {})
        if source.name not in objects.secrets.get(secret.get("secretName"), []):
            yield f"{pods.name}: there is no {source}"
        # Its group, which is the pod's fsGroup, may read it; nobody else.
        if secret.get("defaultMode") != 0o440:
            yield f"{pods.name}: {source} has not the mode 440"
        memory = places.get(str(target.parent), {})
        if memory.get("emptyDir", {}).get("medium") != "Memory":
            yield f"{pods.name}: {target} is not in memory"
        given = pathlib.PurePath(pods.options.get("--cluster-key", "/"))
        mounts = {mount["mountPath"]: mount["name"] for mount in pods.main[0]["volumeMounts"]}
        if given.name != target.name or mounts.get(str(given.parent)) != memory.get("name"):
            yield f"{pods.name}: --cluster-key is {given}"
        if any("secret" in volumes[name] for name in mounts.values()):
            yield f"{pods.name}: its main container sees the secret"


def check_policies(objects):
    """What one end may send, the other must take, and the other way about; and every listening port is reached."""
    sent, taken, denied, resolving = set(), set(), [], set()
    for name, policy in objects.of_kind.get("NetworkPolicy", {}).items():
        spec = policy["spec"]
        subjects = objects.selected(spec["podSelector"])
        if not subjects:
            yield f"{name} selects nothing"
        if not spec.get("ingress") and not spec.get("egress"):
            denied += [pods.name for pods in subjects if set(spec["policyTypes"]) == {"Ingress", "Egress"}]
        for direction, side in ("ingress", "from"), ("egress", "to"):
            if spec.get(direction) and direction.capitalize() not in spec["policyTypes"]:
                yield f"{name} has rules for {direction}, but is none of it"
            for rule in spec.get(direction, []):
                ports = [port["port"] for port in rule["ports"]]
                for peer in rule[side]:
                    if set(peer) != {"podSelector"}:
                        # Beyond the cluster's pods: names only.
                        if ports != [53, 53] or direction != "egress":
                            yield f"{name} allows {direction} beyond this cluster's pods"
                        resolving |= {pods.name for pods in subjects}
                        continue
                    peers = objects.selected(peer["podSelector"])
                    if not peers:
                        yield f"{name} names pods that there are not"
                    pairs = {(pods.name, other.name, port) for pods in subjects for other in peers for port in ports}
                    if direction == "egress":
                        sent |= pairs
                    else:
                        taken |= {(other, pods, port) for pods, other, port in pairs}
    services = objects.of_kind.get("Service", {})
    for pods in objects.pods:
        host, port = re.fullmatch(r"tcp://(.+):(\d+)|", pods.options.get("--connect", "")).groups()
        if (host is not None) != (pods.name in resolving):
            yield f"{pods.name} must look up names, and may not, or the other way about"
        for target in objects.selected({"matchLabels": services[host]["spec"]["selector"]}) if host in services else []:
            if (pods.name, target.name, int(port)) not in taken:
                yield f"{target.name} does not take what {pods.name} sends to port {port}"
    yield from (f"nobody is kept from {pods.name}" for pods in objects.pods if pods.name not in denied)
    for source, target, port in sorted(sent - taken):
        yield f"{source} may send to port {port} of {target}, which does not take it"
    for source, target, port in sorted(taken - sent):
        yield f"{target} takes what {source} may not send to its port {port}"
    listening = {(pods.name, port) for pods in objects.pods for port in pods.ports.values()}
    reached = {(target, port) for _, target, port in taken}
    for name, port in sorted(listening ^ reached):
        yield f"port {port} of {name} is {'listened at, but not reached' if (name, port) in listening else 'not listened at'}"


def check_endpoints(objects):
    services = objects.of_kind.get("Service", {})
    connected = 0
    for pods in objects.pods:
        if endpoint := pods.options.get("--connect"):
            connected += 1
            host, port = re.fullmatch(r"tcp://([\w-]+):(\d+)", endpoint).groups()
            ports = {port["name"]: port["port"] for port in services.get(host, {}).get("spec", {}).get("ports", [])}
            if ports.get("messages") != int(port):
                yield f"{pods.name} connects to {endpoint}, where no service has messages"
            # A server's address is known by that of its connection, which must not be another's on the way.
            if services.get(host, {}).get("spec", {}).get("clusterIP") != "None":
                yield f"{host} stands between the pods"
        if endpoint := pods.options.get("--listen"):
            port = int(endpoint.rpartition(":")[2])
            expected = {port, port + 1} if "train-or-resume" in pods.words else {port}
            if set(pods.ports.values()) != expected:
                yield f"{pods.name} listens at {endpoint}, and has the ports {sorted(pods.ports.values())}"
        elif pods.ports:
            yield f"{pods.name} has ports, but does not listen"
    if not connected:
        yield "nobody connects"


def check_jobs(objects):
    for pods in objects.pods:
        if pods.kind == "Pod":
            continue
        if pods.kind != "Job":
            yield f"{pods.name} is no job: its pods would start again when the run is done"
            continue
        spec = pods.document["spec"]
        rules = spec["podFailurePolicy"]["rules"]
        codes = {}
        for rule in rules:
            if on := rule.get("onExitCodes"):
                codes[rule["action"]] = codes.get(rule["action"], []) + on["values"]
                if on["containerName"] != pods.main[0]["name"] or on["operator"] != "In":
                    yield f"{pods.name}: a rule is about {on['containerName']}"
        if codes != {"FailJob": [2, 65], "Ignore": [75]}:
            yield f"{pods.name}: the rules for exit codes are {codes}"
        if not any(rule["action"] == "Ignore" and condition == {"type": "DisruptionTarget", "status": "True"}
                   for rule in rules for condition in rule.get("onPodConditions", [])):
            yield f"{pods.name}: evictions count as failures"
        if pods.spec["restartPolicy"] != "Never" or spec.get("podReplacementPolicy") != "Failed":
            yield f"{pods.name}: its pods would overlap, or be started again without a rule"
        if pods.spec["terminationGracePeriodSeconds"] < (120 if "hbn-worker" in pods.words else 300):
            yield f"{pods.name} has too little time to end"
        if "train-or-resume" in pods.words:
            if spec.get("completions", 1) != 1 or spec.get("parallelism", 1) != 1:
                yield f"{pods.name}: there must be one"
            continue
        # Only with an index is each pod replaced until it has seen the end of the run.
        if spec.get("completionMode") != "Indexed" or spec["completions"] != spec["parallelism"]:
            yield f"{pods.name}: not every pod is replaced"
        if pods.main[0]["command"][0] != "until-done":
            yield f"{pods.name}: a pod that is asked to leave would count as done"


def check_security(project, objects):
    """The rules of the profile restricted, and some of our own."""
    namespace, = objects.of_kind["Namespace"].values()
    if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "the namespace does not demand it"
    user = re.search(r"^USER (\d+):(\d+)$", (project.cluster / "container/Containerfile").read_text(), re.MULTILINE)
    for pods in objects.pods:
        context = pods.spec["securityContext"]
        if [context.get("runAsUser"), context.get("runAsGroup")] != [int(user[1]), int(user[2])]:
            yield f"{pods.name}: its user is not the image's"
        if context.get("fsGroup") != context.get("runAsGroup") or context.get("runAsNonRoot") is not True:
            yield f"{pods.name}: its group, or root"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{pods.name}: system calls"
        if any(pods.spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{pods.name}: the host's namespaces"
        if pods.spec.get("automountServiceAccountToken") is not False or pods.spec.get("enableServiceLinks") is not False:
            yield f"{pods.name}: a token, or links"
        for volume in pods.spec["volumes"]:
            if not set(volume) <= {"name", "emptyDir", "persistentVolumeClaim", "secret"}:
                yield f"{pods.name}: the volume {volume['name']}"
        for container in pods.containers:
            if container.get("securityContext") != {
                    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}:
                yield f"{pods.name}'s {container['name']}: its own securityContext"
            resources = container.get("resources", {})
            if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
                yield f"{pods.name}'s {container['name']}: its resources"


def check_commands(objects):
    for pods in objects.pods:
        for container in pods.containers:
            command = container["command"]
            for word in command[:2 if command[0] == "until-done" else 1]:
                if word not in PROGRAMS + SCRIPTS + TOOLS:
                    yield f"{pods.name}'s {container['name']}: {HOME} has no {word}"
            words = command + container.get("args", [])
            given = {each["name"] for each in container.get("env", [])}
            yield from (f"{pods.name}: $({name}) is not given" for name in re.findall(r"\$\((\w+)\)", " ".join(words))
                        if name not in given)
