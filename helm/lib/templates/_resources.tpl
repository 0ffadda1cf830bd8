{{/* A request above its limit is refused here, in words: Helm merges values with defaults, so one is easily forgotten. */}}
{{- define "lib.resources.checks" -}}
{{- $place := index . 0 -}}
{{- $resources := index . 1 -}}
{{- range $name, $request := $resources.requests | default dict -}}
{{- $limits := $resources.limits | default dict -}}
{{- $limit := get $limits $name -}}
{{- if and (hasKey $limits $name) (gt (include "lib.quantity" $request | float64) (include "lib.quantity" $limit | float64)) -}}
{{- include "lib.refuse" (list (printf "%s.requests.%s" $place $name) (printf "%v is above the limit of %v, which is in %s.limits.%s" $request $limit $place $name)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* How much a quantity is: "500m" of a processor is 0.5, "1Gi" is 1073741824. */}}
{{- define "lib.quantity" -}}
{{- $text := include "lib.text" . -}}
{{- $units := dict "" 1 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- mulf (regexFind "^[0-9.]+" $text) (get $units (regexFind "[A-Za-z]*$" $text)) -}}
{{- end -}}
