{{/*
Blue-green: the new version comes up beside the old one, is looked at, takes over all traffic at once, and is looked at
again. If it does badly, the old one, which still runs, has the traffic back.
*/}}
{{- define "api.strategy.blue-green" -}}
{{- $rollout := .values.rollout -}}
{{- include "api.rollout.checks" . -}}
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

{{/*
What could not work. A pod's name is cut at 58 characters before its own five, and its hash, of ten at most, has to be
among them.
*/}}
{{- define "api.rollout.checks" -}}
{{- if gt (len .fullname) 46 -}}
{{- include "lib.refuse" (list "fullnameOverride" (printf "needed, of 46 letters at most, since a Rollout's pods are known by the hash in their names: %s is too long" .fullname)) -}}
{{- end -}}
{{- range regexFindAll `[=!]~"([^"\\]|\\.)*"` .values.rollout.analysis.calls -1 -}}
{{- $expression := substr 2 (len .) . | printf "[%s]" | fromJsonArray | first -}}
{{- if not (regexMatch (printf "^(?s:%s)$|" $expression) "") -}}
{{- include "lib.refuse" (list "rollout.analysis.calls" (printf "%s is no regular expression" $expression)) -}}
{{- end -}}
{{- end -}}
{{- if and .values.tls.secret .values.rollout.analysis.traffic.image -}}
{{- include "lib.refuse" (list "rollout.analysis.traffic.image" "it would call without TLS, and with tls.secret api speaks nothing else") -}}
{{- end -}}
{{- end -}}
