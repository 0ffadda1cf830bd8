{{- define "llm-inference.component" -}}
{{- include "llm-inference.checks" .Values -}}
{{- include "lib.component" (dict
      "root" .
      "name" "llm-inference"
      "ports" (dict "grpc" 50052 "admin" 9402)
      "extra" (include "llm-inference.hardware" .Values | fromYaml)
      "parts" (list
        "lib.part.process"
        "lib.part.serving"
        "llm-inference.part.models"
        "llm-inference.part.callers"
        "lib.part.config"
        "lib.part.settings"
      )) -}}
{{- end -}}

{{/* No call fails while versions change, but where no GPU is left for the pod that would come first. */}}
{{- define "llm-inference.workload" -}}
{{- $crowded := and .values.gpu.enabled (not .values.gpu.spare) -}}
{{- $strategy := $crowded | ternary "lib.strategy.in-place" "lib.strategy.surge" -}}
{{- dict "component" . "strategy" (include $strategy .) | toJson -}}
{{- end -}}

{{/*
The GPU is a limit, since by requests alone its figures (DCGM) would not know the pod. Loading a model may take minutes,
and until then /readyz says no.
*/}}
{{- define "llm-inference.hardware" -}}
startup: /readyz
{{- if .gpu.enabled }}
resources:
  {{- with .resources.requests }}
  requests:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  limits:
    {{- merge (dict .gpu.resource .gpu.count) (.resources.limits | default dict) | toYaml | nindent 4 }}
{{- with .gpu.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
nodeSelector:
  {{- toYaml .gpu.nodeSelector | nindent 2 }}
tolerations:
  {{- toYaml .gpu.tolerations | nindent 2 }}
{{- end }}
{{- end -}}

{{/* It takes its callers' word for who asks: nobody but api and the workers may reach it. */}}
{{- define "llm-inference.part.callers" -}}
{{- $peers := list (include "lib.peer" "api" | fromYaml) (include "lib.peer" "worker" | fromYaml) -}}
ingress:
  {{- include "lib.rule" (dict "direction" "from" "ports" (list .ports.grpc) "peers" (concat $peers .values.networkPolicy.callers)) | nindent 2 }}
{{- end -}}

{{- define "llm-inference.checks" -}}
{{- $models := .models -}}
{{- $needed := dict "pvc" "claim" "s3" "url" "image" "reference" -}}
{{- $key := get $needed $models.source -}}
{{- if not (get (get $models $models.source) $key) -}}
{{- include "lib.refuse" (list (printf "models.%s.%s" $models.source $key) (printf "needed, since models come from there (models.source: %s)" $models.source)) -}}
{{- end -}}
{{- range $model, $digest := $models.s3.digests -}}
{{- if and $models.serve (not (has $model $models.serve)) -}}
{{- include "lib.refuse" (list "models.s3.digests" (printf "%s is not among the models that are served" $model)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .autoscaling.type "keda") (not .autoscaling.prometheus) -}}
{{- include "lib.refuse" (list "autoscaling.prometheus" "needed for keda, which reads the load there") -}}
{{- end -}}
{{- end -}}
