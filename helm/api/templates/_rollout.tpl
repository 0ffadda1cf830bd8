{{/*
Blue-green: the new version comes up beside the old one, is looked at, takes over all traffic at once, and is looked at
again. If it does badly, the old one, which still runs, has the traffic back.
*/}}
{{- define "api.strategy.blue-green" -}}
{{- $rollout := .values.rollout -}}
{{- include "api.rollout.checks" .values -}}
blueGreen:
  activeService: {{ .fullname | quote }}
  previewService: "{{ .fullname }}-preview"
  autoPromotionEnabled: {{ $rollout.autoPromotion }}
  {{- with $rollout.previewReplicas }}
  previewReplicaCount: {{ . }}
  {{- end }}
  scaleDownDelaySeconds: {{ $rollout.scaleDownDelaySeconds }}
  abortScaleDownDelaySeconds: {{ $rollout.scaleDownDelaySeconds }}
  {{- with $rollout.analysis }}
  {{- if .prePromotion }}
  prePromotionAnalysis:
    templates:
      - templateName: {{ $.fullname | quote }}
      {{- if .traffic.image }}
      - templateName: "{{ $.fullname }}-traffic"
      {{- end }}
    args:
      {{- include "api.rollout.args" $ | nindent 6 }}
  {{- end }}
  {{- if .postPromotion }}
  postPromotionAnalysis:
    templates:
      - templateName: {{ $.fullname | quote }}
    args:
      {{- include "api.rollout.args" $ | nindent 6 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* The pods of the new version are known by the hash in their names. */}}
{{- define "api.rollout.args" -}}
- name: pods
  value: {{ .fullname | quote }}
- name: hash
  valueFrom:
    podTemplateHashValue: Latest
{{- end -}}

{{- define "api.rollout.checks" -}}
{{- $deregistration := .ingress.alb.deregistrationSeconds -}}
{{- if and (eq .ingress.type "alb") (lt (int .rollout.scaleDownDelaySeconds) (int $deregistration)) -}}
{{- include "lib.refuse" (list "rollout.scaleDownDelaySeconds" (printf "the load balancer sends to old pods for %v seconds more (ingress.alb.deregistrationSeconds)" $deregistration)) -}}
{{- end -}}
{{- end -}}
