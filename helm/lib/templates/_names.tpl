{{/* The release's name where that says which service it is, or else both; short enough for what is put behind it. */}}
{{- define "lib.fullname" -}}
{{- $release := .root.Release.Name | replace "." "-" -}}
{{- if .root.Values.fullnameOverride -}}
{{- .root.Values.fullnameOverride -}}
{{- else if regexMatch "^[0-9]" $release -}}
{{- include "lib.refuse" (list "fullnameOverride" "needed, since Services have names that begin with a letter, and the release has none") -}}
{{- else if contains .name $release -}}
{{- $release | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" $release .name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels of every object. NetworkPolicies know peers by their name and `part-of`. */}}
{{- define "lib.labels" -}}
{{ toYaml .selector }}
app.kubernetes.io/part-of: ondol
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* The metadata of an object that is called as the component, with `suffix` behind it where there is one. */}}
{{- define "lib.metadata" -}}
name: {{ compact (list .component.fullname .suffix) | join "-" | quote }}
namespace: {{ .component.namespace | quote }}
labels:
  {{- toYaml .component.labels | nindent 2 }}
{{- end -}}

{{- define "lib.image" -}}
{{- $tag := .image.tag | default .version -}}
{{- with .image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ $tag }}{{ end }}
{{- end -}}
{{- end -}}

{{/* A number or a truth as the text that an environment variable holds; Helm reads whole numbers as floats. */}}
{{- define "lib.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* Names and their texts, in quotes: what YAML would read as something else stays text. */}}
{{- define "lib.texts" -}}
{{- range $name, $text := . }}
{{ $name | toJson }}: {{ $text | toJson }}
{{- end }}
{{- end -}}

{{/* Refuses the values, naming the one to mend. */}}
{{- define "lib.refuse" -}}
{{- fail (printf "values: %s: %s" (index . 0) (index . 1)) -}}
{{- end -}}
