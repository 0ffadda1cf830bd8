{{/* The store of model packages, from one of three sources. It is read only, but for the step that fills it. */}}
{{- define "llm-inference.part.models" -}}
{{- $models := .values.models -}}
env:
  ONDOL_MODELS: /models
  {{- with $models.serve }}
  ONDOL_SERVE: {{ join "," . | toJson }}
  {{- end }}
  ONDOL_EXECUTION_PROVIDER: {{ .values.gpu.enabled | ternary "cuda" "cpu" }}
mounts:
  /models: models
volumes:
  models:
    {{- include (printf "llm-inference.models.%s" $models.source) $models | nindent 4 }}
{{- if eq $models.source "s3" }}
init:
  {{- include "llm-inference.models.pull" . | nindent 2 }}
egress:
  {{- include "lib.rule" (dict "direction" "to" "ports" (list (include "lib.port" ($models.s3.endpoint | default "https://s3"))) "peers" .values.networkPolicy.objects) | nindent 2 }}
  {{- include "lib.rule.pod-identity" . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A volume that somebody has put packages on, such as by `ondol model import --models`. */}}
{{- define "llm-inference.models.pvc" -}}
persistentVolumeClaim:
  claimName: {{ .pvc.claim | quote }}
  readOnly: true
{{- end -}}

{{/* The node's own disk, filled from a bucket each time that a pod starts. */}}
{{- define "llm-inference.models.s3" -}}
emptyDir:
  sizeLimit: {{ .s3.sizeLimit | quote }}
{{- end -}}

{{/* An image that holds packages and nothing else; the node keeps it as it keeps any image. */}}
{{- define "llm-inference.models.image" -}}
image:
  reference: {{ .image.reference | quote }}
  pullPolicy: {{ .image.pullPolicy }}
{{- end -}}

{{- define "llm-inference.models.pull" -}}
{{- $values := .values -}}
{{- with $values.models.s3 -}}
{{- include "lib.resources.checks" (list "models.s3.resources" .resources) -}}
- name: pull
  image: {{ include "lib.image" (dict "image" .image "version" $.version) | quote }}
  imagePullPolicy: {{ .image.pullPolicy }}
  {{- with .command }}
  command: {{ toJson . }}
  {{- end }}
  args:
    {{- range concat .args (list .url) }}
    - {{ . | toJson }}
    {{- end }}
    {{- range $values.models.serve }}
    - --model
    - {{ . | quote }}
    {{- end }}
    {{- range $model, $digest := .digests }}
    - --expect-digest
    - {{ printf "%s=%s" $model $digest | quote }}
    {{- end }}
  env:
    - name: ONDOL_MODELS
      value: /models
    {{- with .region }}
    - name: ONDOL_OBJECTS_REGION
      value: {{ . | quote }}
    {{- end }}
    {{- with .endpoint }}
    - name: ONDOL_OBJECTS_ENDPOINT
      value: {{ . | quote }}
    {{- end }}
  resources:
    {{- toYaml .resources | nindent 4 }}
  securityContext:
    {{- include "lib.container.security" $ | nindent 4 }}
  volumeMounts:
    - name: models
      mountPath: /models
{{- end -}}
{{- end -}}
