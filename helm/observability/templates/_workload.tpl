{{- define "observability.workload" -}}
apiVersion: apps/v1
kind: {{ .kind }}
metadata:
  {{- include "lib.metadata" (dict "component" .) | nindent 2 }}
spec:
  {{- if ne .kind "DaemonSet" }}
  replicas: {{ .own.replicas | default 1 }}
  {{- end }}
  revisionHistoryLimit: {{ .values.revisionHistoryLimit }}
  selector:
    matchLabels:
      {{- toYaml .selector | nindent 6 }}
  {{- if eq .kind "StatefulSet" }}
  serviceName: {{ .fullname | quote }}
  podManagementPolicy: Parallel
  {{- else if eq .kind "DaemonSet" }}
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 25%
  {{- end }}
  template:
    {{- include "observability.pod" . | nindent 4 }}
  {{- if and (eq .kind "StatefulSet") .own.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: data
      spec:
        accessModes:
          - ReadWriteOnce
        {{- with .own.persistence.storageClassName }}
        storageClassName: {{ . | quote }}
        {{- end }}
        resources:
          requests:
            storage: {{ .own.persistence.size | quote }}
  {{- end }}
{{- end -}}

{{/* A pod as the security standard "restricted" admits it, but for what `root` and volumes of the node take from it. */}}
{{- define "observability.pod" -}}
{{- $values := .values -}}
metadata:
  labels:
    {{- merge (dict "app.kubernetes.io/part-of" "ondol") .selector $values.podLabels | toYaml | nindent 4 }}
  {{- with include "observability.pod.annotations" . | fromJson }}
  annotations:
    {{- include "lib.texts" . | trim | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ .fullname | quote }}
  automountServiceAccountToken: {{ .token | default false }}
  enableServiceLinks: false
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with .own.runtimeClassName }}
  runtimeClassName: {{ . | quote }}
  {{- end }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  securityContext:
    {{- if .root }}
    # {{ .root }}
    runAsUser: 0
    runAsGroup: 0
    {{- else }}
    runAsNonRoot: true
    runAsUser: {{ .uid }}
    runAsGroup: {{ .uid }}
    fsGroup: {{ .uid }}
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
    seccompProfile:
      type: RuntimeDefault
  containers:
    - {{ include "observability.container" . | nindent 6 | trim }}
  {{- with include "observability.volumes" . | fromJson }}
  volumes:
    {{- range $name, $volume := . }}
    - name: {{ $name }}
      {{- toYaml $volume | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with .agent | default false | ternary (.own.nodeSelector | default dict) $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .agent | default false | ternary $values.nodeAgents.tolerations $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .own.replicas }}
  {{- include "lib.pod.spread" (merge (dict "hashLabel" "controller-revision-hash") .) | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "observability.pod.annotations" -}}
{{- $ours := dict -}}
{{- with .config }}{{ $_ := set $ours "checksum/config" (toJson . | sha256sum) }}{{ end -}}
{{- with .scrape -}}
{{- $_ := set $ours "prometheus.io/scrape" "true" -}}
{{- $_ := set $ours "prometheus.io/port" (get $.ports . | toString) -}}
{{- $_ := set $ours "prometheus.io/path" "/metrics" -}}
{{- end -}}
{{- $scratch := list -}}
{{- range $name, $volume := include "observability.volumes" . | fromJson -}}
{{- if hasKey $volume "emptyDir" }}{{ $scratch = append $scratch $name }}{{ end -}}
{{- end -}}
{{- with $scratch -}}
{{- /* Without it the Cluster Autoscaler removes no node that such a pod is on. */ -}}
{{- $_ := set $ours "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes" (join "," .) -}}
{{- end -}}
{{- merge (dict) .values.podAnnotations $ours | toJson -}}
{{- end -}}

{{/* Those that it names, its files, and `data` where no claim makes it. */}}
{{- define "observability.volumes" -}}
{{- $volumes := .volumes | default dict -}}
{{- if .config }}{{ $_ := set $volumes "config" (dict "configMap" (dict "name" .fullname)) }}{{ end -}}
{{- if and (has "data" (values (.mounts | default dict))) (not (.own.persistence | default dict).enabled) -}}
{{- $_ := set $volumes "data" (dict "emptyDir" dict) -}}
{{- end -}}
{{- if has "scratch" (values (.mounts | default dict)) }}{{ $_ := set $volumes "scratch" (dict "emptyDir" dict) }}{{ end -}}
{{- $volumes | toJson -}}
{{- end -}}

{{- define "observability.container" -}}
name: {{ .name }}
image: {{ .own.image | quote }}
imagePullPolicy: IfNotPresent
{{- with .command }}
command: {{ toJson . }}
{{- end }}
{{- with .args }}
args:
  {{- range . }}
  - {{ . | toJson }}
  {{- end }}
{{- end }}
ports:
  {{- range $name, $number := .ports }}
  - name: {{ $name }}
    containerPort: {{ $number }}
  {{- end }}
{{- with .env }}
env:
  {{- include "observability.env" . | trim | nindent 2 }}
{{- end }}
{{- include "observability.probes" . | nindent 0 }}
resources:
  {{- toYaml .own.resources | nindent 2 }}
securityContext:
  {{- include "lib.container.security" . | nindent 2 }}
{{- with .mounts }}
volumeMounts:
  {{- range $path, $name := . }}
  - name: {{ $name }}
    mountPath: {{ $path | quote }}
    {{- if not (has $name (list "data" "scratch")) }}
    readOnly: true
    {{- end }}
    {{- if eq $name "root" }}
    # What is mounted on the node later is seen as well.
    mountPropagation: HostToContainer
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* As lib.container.env has them, and facts of the pod, as {field: spec.nodeName}. */}}
{{- define "observability.env" -}}
{{- range $name, $value := . }}
{{- if and (kindIs "map" $value) (hasKey $value "field") }}
- name: {{ $name | quote }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $value.field }}
{{- else }}
{{- include "lib.container.env" (dict $name $value) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Ten minutes to start: a log of changes is read again, or a ring is waited for. */}}
{{- define "observability.probes" -}}
{{- range $kind, $of := dict "startupProbe" .probes.startup "livenessProbe" .probes.live "readinessProbe" .probes.ready }}
{{ $kind }}:
  httpGet:
    path: {{ $of.path }}
    port: {{ $of.port }}
  periodSeconds: {{ eq $kind "startupProbe" | ternary 5 10 }}
  timeoutSeconds: 5
  failureThreshold: {{ get (dict "startupProbe" 120 "livenessProbe" 6 "readinessProbe" 3) $kind }}
{{- end }}
{{- end -}}
