{{/*
A component is all that the templates of a service know of it, made of parts.

A chart defines it once, from its name, its ports and a list of parts:

    {{- define "api.component" -}}
    {{- include "lib.component" (dict "root" . "name" "api" "ports" (dict "grpc" 50051 "admin" 9401)
          "parts" (list "lib.part.process" "lib.part.serving")) -}}
    {{- end -}}

and each of its manifests is one line:

    {{ include "lib.disruption-budget" (include "api.component" . | fromJson) }}

A part is about one thing (the queue, TLS, who may call), and says in YAML what that adds:

    env             NAME: text, or {secret, key}
    config          file: content, in the folder /etc/ondol/config
    volumes         name: what a volume is
    mounts          path: name of the volume; only `objects` is written to
    ingress, egress rules of the NetworkPolicy
    annotations     of the pod
    init            containers that run before

It sees the component as far as it is built: .values, .name, .fullname, .ports, .selector. What a later part says
takes the place of what an earlier one said under the same name. What else the pod of one chart has (`startup`,
`resources`, `nodeSelector`, `tolerations`, `runtimeClassName`) is in its `extra`.
*/}}
{{- define "lib.component" -}}
{{- $values := .root.Values -}}
{{- $selector := dict "app.kubernetes.io/name" .name "app.kubernetes.io/instance" .root.Release.Name -}}
{{- $component := dict "name" .name "ports" .ports "values" $values "selector" $selector -}}
{{- $_ := set $component "namespace" .root.Release.Namespace -}}
{{- $_ := set $component "version" .root.Chart.AppVersion -}}
{{- $_ := set $component "fullname" (include "lib.fullname" .) -}}
{{- $_ := set $component "labels" (include "lib.labels" (dict "root" .root "selector" $selector) | fromYaml) -}}
{{- $tables := list "env" "config" "volumes" "mounts" "annotations" -}}
{{- $lists := list "ingress" "egress" "init" -}}
{{- range $tables }}{{ $_ := set $component . dict }}{{ end -}}
{{- range $lists }}{{ $_ := set $component . list }}{{ end -}}
{{- range $part := .parts -}}
{{-   $said := include $part $component | fromYaml -}}
{{-   with $said.Error }}{{ fail (printf "%s does not render YAML: %s" $part .) }}{{ end -}}
{{-   range $tables -}}
{{-     $_ := set $component . (merge (get $said . | default dict) (get $component .)) -}}
{{-   end -}}
{{-   range $lists -}}
{{-     $_ := set $component . (concat (get $component .) (get $said . | default list) | uniq) -}}
{{-   end -}}
{{- end -}}
{{- include "lib.resources.checks" (list "resources" $values.resources) -}}
{{- merge (.extra | default dict) $component (dict "resources" $values.resources "startup" "/livez") | toJson -}}
{{- end -}}
