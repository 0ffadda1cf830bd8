{{/*
A component is one of the programs that watch: all that the manifests of it know. Its template says in YAML

    kind            Deployment, StatefulSet or DaemonSet
    key             where its values are; `agent: true` where it runs on every node
    uid             who it runs as, and owns its volume
    root            why it has to be root, where it has to
    token           whether it asks Kubernetes anything
    ports           name: number; the first of `service` are those of a Service
    command, args, env
    config          file: content, in the folder `configAt`
    volumes, mounts what a volume is, by its name; and the volume's name, by path. `data` is written to, `scratch` too
    probes          startup, live and ready: {path, port}
    scrape          the port that Prometheus finds by annotations, where it does
    ingress, egress rules of the NetworkPolicy

and each file of manifests is one line.
*/}}
{{- define "observability.component" -}}
{{- $root := .root -}}
{{- $said := include (printf "observability.%s" .name) $root | fromYaml -}}
{{- with $said.Error }}{{ fail (printf "observability.%s does not render YAML: %s" $.name .) }}{{ end -}}
{{- $own := get $root.Values $said.key -}}
{{- include "lib.resources.checks" (list (printf "%s.resources" $said.key) $own.resources) -}}
{{- $selector := dict "app.kubernetes.io/name" .name "app.kubernetes.io/instance" $root.Release.Name -}}
{{- $labels := include "lib.labels" (dict "root" $root "selector" $selector) | fromYaml -}}
{{- $made := dict "name" .name "selector" $selector "labels" $labels "own" $own "values" (omit $root.Values "global" "lib") -}}
{{- $_ := set $made "fullname" (include "observability.fullname" .) -}}
{{- $_ := set $made "namespace" (include "observability.namespace" (dict "root" $root "agent" $said.agent)) -}}
{{- merge $made $said | toJson -}}
{{- end -}}

{{- define "observability.fullname" -}}
{{ .root.Values.namePrefix }}{{ .name }}
{{- end -}}

{{/* Where it is: what runs on every node may have a namespace for itself. */}}
{{- define "observability.namespace" -}}
{{- if and .agent .root.Values.nodeAgents.namespace -}}
{{- .root.Values.nodeAgents.namespace -}}
{{- else -}}
{{- .root.Release.Namespace -}}
{{- end -}}
{{- end -}}

{{/* The address of another component, by which it is found from every namespace. */}}
{{- define "observability.host" -}}
{{- $agent := has .name (list "alloy" "node-exporter" "dcgm-exporter") -}}
{{- include "observability.fullname" . }}.{{ include "observability.namespace" (dict "root" .root "agent" $agent) }}.svc
{{- end -}}

{{/* All namespaces in which pods are looked for, as JSON. */}}
{{- define "observability.namespaces" -}}
{{- $agents := include "observability.namespace" (dict "root" . "agent" true) -}}
{{- concat (list .Release.Namespace $agents) .Values.namespaces | uniq | toJson -}}
{{- end -}}

{{/* Everything of a component but what it may ask Kubernetes. */}}
{{- define "observability.manifests" -}}
{{- $component := include "observability.component" . | fromJson -}}
{{ include "observability.account" $component }}
{{- with $component.config }}
---
{{ include "observability.config" $component }}
{{- end }}
{{- with $component.service }}
---
{{ include "observability.service" $component }}
{{- end }}
---
{{ include "observability.workload" $component }}
{{- if .root.Values.networkPolicy.enabled }}
---
{{ include "observability.network-policy" $component }}
{{- end }}
{{- end -}}

{{/* What it is in the cluster, and in AWS. */}}
{{- define "observability.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
  {{- with (.own.serviceAccount | default dict).annotations }}
  annotations:
    {{- include "lib.texts" . | trim | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "observability.config" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
data:
  {{- range $file, $content := .config }}
  {{ $file | toJson }}: {{ $content | toJson }}
  {{- end }}
{{- end -}}

{{- define "observability.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  # They look for each other before they are ready.
  publishNotReadyAddresses: true
  {{- else }}
  type: ClusterIP
  {{- end }}
  selector:
    {{- toYaml .selector | nindent 4 }}
  ports:
    {{- range $name := .service }}
    - name: {{ $name }}
      port: {{ get $.ports $name }}
      targetPort: {{ $name }}
    {{- end }}
{{- end -}}

{{/* For what has replicas. Of one pod it would say nothing: that may be away, and comes back elsewhere. */}}
{{- define "observability.disruption-budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
{{- end -}}
