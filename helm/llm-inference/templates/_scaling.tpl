{{/*
By load: the requests that run or wait, of all pods of the release, for each replica. A GPU is busy with one request
already and a processor with a few, so neither says how many more there is room for.

Pods are known by their names: the release's, a hash, five letters. Names are cut at 58 letters before the last five, so
behind a long one the two may be one.

Where Prometheus knows no pod of the release its answer is empty, which by itself KEDA takes for no load at all. As an
error it is what the fallback is for. The first pod does not wait for it: there is always one at least, and the
autoscaler that KEDA makes holds to its minimum whatever it sees.
*/}}
{{- define "llm-inference.scaling" -}}
{{- if eq .Values.autoscaling.type "keda" -}}
{{- $llm := include "llm-inference.component" . | fromJson -}}
{{- $rest := gt (len $llm.fullname) 46 | ternary "[a-z0-9]+(-[a-z0-9]+)?" "[a-z0-9]+-[a-z0-9]+" -}}
{{- $pods := printf "namespace=%q,pod=~%q" $llm.namespace (printf "%s-%s" $llm.fullname $rest) -}}
{{- $query := printf "sum(ondol_llm_requests_running{%s}) + sum(ondol_llm_requests_waiting{%s})" $pods $pods -}}
{{- $metadata := dict "serverAddress" .Values.autoscaling.prometheus "query" $query "threshold" (include "lib.text" .Values.autoscaling.requestsPerReplica) "ignoreNullValues" "false" -}}
{{- dict "triggers" (list (dict "type" "prometheus" "name" "load" "metricType" "AverageValue" "metadata" $metadata) | toYaml) | toJson -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}
