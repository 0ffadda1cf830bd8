{{/*
It asks for no GPU, which would keep one from everybody else: the node's runtime shows it all of them. The pods that have
one are known from kubelet, which knows them by what they have in their limits.
*/}}
{{- define "observability.dcgm-exporter" -}}
kind: DaemonSet
key: dcgmExporter
agent: true
root: The kubelet tells only root which pod has which GPU.
ports:
  http: 9400
# Not by the image's script, which writes to the root file system and sets capabilities that nothing here needs.
command: [/usr/bin/dcgm-exporter]
env:
  DCGM_EXPORTER_LISTEN: ":9400"
  DCGM_EXPORTER_KUBERNETES: "true"
  DCGM_EXPORTER_COLLECTORS: /etc/ondol/counters.csv
  DCGM_EXPORTER_INTERVAL: "15000"
  NODE_NAME:
    field: spec.nodeName
config:
  counters.csv: {{ .Files.Get "files/counters.csv" | toJson }}
volumes:
  kubelet:
    hostPath:
      path: /var/lib/kubelet/pod-resources
      type: Directory
mounts:
  /etc/ondol: config
  /var/lib/kubelet/pod-resources: kubelet
  /tmp: scratch
probes:
  startup: {path: /health, port: http}
  live: {path: /health, port: http}
  ready: {path: /health, port: http}
ingress:
  {{- include "observability.rule.scraped" (dict "root" . "ports" (list 9400)) | nindent 2 }}
{{- end -}}
