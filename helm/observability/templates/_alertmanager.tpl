{{- define "observability.alertmanager" -}}
{{- $own := .Values.alertmanager -}}
{{- $name := include "observability.fullname" (dict "root" . "name" "alertmanager") -}}
{{- $told := or $own.discord.secret $own.watchdog.secret -}}
{{- $outside := list -}}
{{- if $told -}}
{{- $block := dict "cidr" "0.0.0.0/0" -}}
{{- with .Values.networkPolicy.internet.except }}{{ $_ := set $block "except" . }}{{ end -}}
{{- $outside = list (dict "ipBlock" $block) -}}
{{- end -}}
kind: StatefulSet
key: alertmanager
uid: 65534
ports:
  http: 9093
  gossip: 9094
service: [http]
headless: true
args:
  - --config.file=/etc/alertmanager/config/alertmanager.yml
  - --storage.path=/alertmanager
  {{- with $own.externalUrl }}
  - {{ printf "--web.external-url=%s" . | quote }}
  - --web.route-prefix=/
  {{- end }}
  {{- if gt (int $own.replicas) 1 }}
  - --cluster.listen-address=0.0.0.0:9094
  {{- range until (int $own.replicas) }}
  - --cluster.peer={{ $name }}-{{ . }}.{{ $name }}:9094
  {{- end }}
  {{- else }}
  - --cluster.listen-address=
  {{- end }}
config:
  alertmanager.yml: {{ include "observability.alertmanager.config" . | toJson }}
volumes:
  {{- with $own.discord.secret }}
  discord:
    secret:
      secretName: {{ . | quote }}
  {{- end }}
  {{- with $own.watchdog.secret }}
  watchdog:
    secret:
      secretName: {{ . | quote }}
  {{- end }}
mounts:
  /etc/alertmanager/config: config
  /alertmanager: data
  {{- if $own.discord.secret }}
  /etc/alertmanager/discord: discord
  {{- end }}
  {{- if $own.watchdog.secret }}
  /etc/alertmanager/watchdog: watchdog
  {{- end }}
probes:
  startup: {path: /-/ready, port: http}
  live: {path: /-/healthy, port: http}
  ready: {path: /-/ready, port: http}
scrape: http
ingress:
  {{- include "observability.rule" (dict "root" . "direction" "from" "ports" (list 9093) "components" (list "prometheus" "grafana")) | nindent 2 }}
  {{- include "observability.alertmanager.gossip" (dict "root" . "direction" "from") | nindent 2 }}
egress:
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- include "observability.alertmanager.gossip" (dict "root" . "direction" "to") | nindent 2 }}
  {{- include "observability.rule" (dict "root" . "direction" "to" "ports" (list 443) "peers" $outside) | nindent 2 }}
{{- end -}}

{{- define "observability.alertmanager.gossip" -}}
{{- if gt (int .root.Values.alertmanager.replicas) 1 -}}
{{- range $protocol := list "TCP" "UDP" }}
{{ include "observability.rule" (dict "root" $.root "direction" $.direction "ports" (list 9094) "protocol" $protocol "components" (list "alertmanager")) }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Who is told: Discord of what is wrong, and the watchdog's service of nothing being wrong with the telling. */}}
{{- define "observability.alertmanager.config" -}}
{{- $own := .Values.alertmanager -}}
route:
  receiver: {{ empty $own.discord.secret | ternary "nobody" "discord" }}
  group_by:
    - alertname
    - namespace
    - service
  group_wait: {{ $own.groupWait }}
  group_interval: {{ $own.groupInterval }}
  repeat_interval: {{ $own.repeatInterval }}
  routes:
    - matchers:
        - alertname = "Watchdog"
      receiver: {{ empty $own.watchdog.secret | ternary "nobody" "watchdog" }}
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
inhibit_rules:
  # What is critical has been told already, where a warning of the same would come.
  - source_matchers:
      - severity = "critical"
    target_matchers:
      - severity = "warning"
    equal:
      - alertname
      - namespace
      - service
receivers:
  - name: nobody
  {{- if $own.discord.secret }}
  - name: discord
    discord_configs:
      - webhook_url_file: /etc/alertmanager/discord/{{ $own.discord.key }}
        send_resolved: true
  {{- end }}
  {{- if $own.watchdog.secret }}
  - name: watchdog
    webhook_configs:
      - url_file: /etc/alertmanager/watchdog/{{ $own.watchdog.key }}
        send_resolved: false
  {{- end }}
{{- end -}}
