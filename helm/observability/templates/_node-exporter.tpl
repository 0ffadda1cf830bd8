{{- define "observability.node-exporter" -}}
kind: DaemonSet
key: nodeExporter
agent: true
uid: 65534
ports:
  http: 9100
args:
  - --path.procfs=/host/proc
  - --path.sysfs=/host/sys
  - --path.rootfs=/host/root
  - --web.listen-address=0.0.0.0:9100
  - --collector.disable-defaults
  {{- range list "cpu" "diskstats" "filesystem" "loadavg" "meminfo" "pressure" "stat" "time" "uname" "vmstat" }}
  - --collector.{{ . }}
  {{- end }}
  # What containers and the system mount for themselves is no disk that fills.
  - --collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/.+|var/lib/(docker|kubelet|containerd|containers)/.+)($|/)
  - --collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs)$
volumes:
  proc:
    hostPath:
      path: /proc
      type: Directory
  sys:
    hostPath:
      path: /sys
      type: Directory
  root:
    hostPath:
      path: /
      type: Directory
mounts:
  /host/proc: proc
  /host/sys: sys
  /host/root: root
probes:
  startup: {path: /, port: http}
  live: {path: /, port: http}
  ready: {path: /, port: http}
scrape: http
ingress:
  {{- include "observability.rule.scraped" (dict "root" . "ports" (list 9100)) | nindent 2 }}
{{- end -}}
