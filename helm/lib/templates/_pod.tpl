{{/* A pod as the namespace's strictest security standard ("restricted") admits it. */}}
{{- define "lib.pod" -}}
{{- $values := .values -}}
metadata:
  labels:
    {{- merge (dict "app.kubernetes.io/part-of" "ondol") .selector $values.podLabels | toYaml | nindent 4 }}
  {{- with include "lib.pod.annotations" . | fromJson }}
  annotations:
    {{- include "lib.texts" . | trim | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "lib.service-account.name" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "lib.grace" . }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with .runtimeClassName }}
  runtimeClassName: {{ . | quote }}
  {{- end }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with .init }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - {{ include "lib.container" . | nindent 6 | trim }}
  {{- with .volumes }}
  volumes:
    {{- range $name, $volume := . }}
    - name: {{ $name | quote }}
      {{- toYaml $volume | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with merge (dict) $values.nodeSelector (.nodeSelector | default dict) }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with concat $values.tolerations (.tolerations | default list) }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- include "lib.pod.spread" . | nindent 2 }}
{{- end -}}

{{- define "lib.pod.annotations" -}}
{{- $ours := dict -}}
{{- with .config -}}
{{- $_ := set $ours "checksum/config" (toJson . | sha256sum) -}}
{{- end -}}
{{- if .values.metrics.annotations -}}
{{- $_ := set $ours "prometheus.io/scrape" "true" -}}
{{- $_ := set $ours "prometheus.io/port" (.ports.admin | toString) -}}
{{- $_ := set $ours "prometheus.io/path" "/metrics" -}}
{{- end -}}
{{- $scratch := list -}}
{{- range $name, $volume := .volumes -}}
{{- if hasKey $volume "emptyDir" }}{{ $scratch = append $scratch $name }}{{ end -}}
{{- end -}}
{{- with $scratch -}}
{{- /* Without it the Cluster Autoscaler removes no node that such a pod is on. */ -}}
{{- $_ := set $ours "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes" (join "," .) -}}
{{- end -}}
{{- merge (dict) .values.podAnnotations .annotations $ours | toJson -}}
{{- end -}}

{{/* preStop, --drain-delay and --grace pass one after the other, and then the process has a moment to flush. */}}
{{- define "lib.grace" -}}
{{- with .values.drain -}}
{{- add .preStopSeconds .delaySeconds .graceSeconds 10 -}}
{{- end -}}
{{- end -}}

{{- define "lib.pod.spread" -}}
{{- $spread := dict -}}
{{- with .values.topologySpread -}}
{{- if ne .zone "none" }}{{ $_ := set $spread "topology.kubernetes.io/zone" .zone }}{{ end -}}
{{- if ne .node "none" }}{{ $_ := set $spread "kubernetes.io/hostname" .node }}{{ end -}}
{{- end -}}
{{- $selector := .selector -}}
{{- $hash := .hashLabel | default "pod-template-hash" -}}
{{- with $spread -}}
topologySpreadConstraints:
  {{- range $key, $otherwise := . }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: {{ $otherwise }}
    labelSelector:
      matchLabels:
        {{- toYaml $selector | nindent 8 }}
    matchLabelKeys:
      - {{ $hash }}
  {{- end }}
{{- end -}}
{{- end -}}
