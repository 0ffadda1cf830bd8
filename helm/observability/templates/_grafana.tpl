{{/* Nothing of it is made by hand: data sources are told here, dashboards are the files in files/dashboards. */}}
{{- define "observability.grafana" -}}
{{- $own := .Values.grafana -}}
{{- $dashboards := .Files.Glob "files/dashboards/*.json" -}}
kind: StatefulSet
key: grafana
uid: 472
ports:
  http: 3000
service: [http]
env:
  GF_ANALYTICS_REPORTING_ENABLED: "false"
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"
  GF_NEWS_NEWS_FEED_ENABLED: "false"
  GF_SECURITY_DISABLE_GRAVATAR: "true"
  # It reaches no store of plugins.
  GF_PLUGINS_PREINSTALL_DISABLED: "true"
  GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false"
  GF_PLUGINS_PLUGIN_ADMIN_ENABLED: "false"
  GF_USERS_ALLOW_SIGN_UP: "false"
  GF_LOG_MODE: console
  GF_LOG_CONSOLE_FORMAT: json
  GF_LOG_LEVEL: warn
  {{- with $own.externalUrl }}
  GF_SERVER_ROOT_URL: {{ . | quote }}
  {{- end }}
  {{- if $own.admin.secret }}
  GF_SECURITY_ADMIN_USER:
    secret: {{ $own.admin.secret | quote }}
    key: {{ $own.admin.userKey | quote }}
  GF_SECURITY_ADMIN_PASSWORD:
    secret: {{ $own.admin.secret | quote }}
    key: {{ $own.admin.passwordKey | quote }}
  {{- else }}
  GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true"
  GF_AUTH_ANONYMOUS_ENABLED: "true"
  GF_AUTH_ANONYMOUS_ORG_ROLE: Viewer
  GF_AUTH_DISABLE_LOGIN_FORM: "true"
  {{- end }}
config:
  datasources.yaml: {{ include "observability.grafana.sources" . | toJson }}
  dashboards.yaml: {{ include "observability.grafana.folders" . | toJson }}
volumes:
  sources:
    configMap:
      name: {{ include "observability.fullname" (dict "root" . "name" "grafana") }}
      items:
        - {key: datasources.yaml, path: datasources.yaml}
  folders:
    configMap:
      name: {{ include "observability.fullname" (dict "root" . "name" "grafana") }}
      items:
        - {key: dashboards.yaml, path: dashboards.yaml}
  dashboards:
    projected:
      sources:
        {{- range $path, $content := $dashboards }}
        - configMap:
            name: {{ include "observability.dashboard" (dict "root" $ "path" $path) }}
        {{- end }}
mounts:
  /etc/grafana/provisioning/datasources: sources
  /etc/grafana/provisioning/dashboards: folders
  /etc/grafana/dashboards: dashboards
  /var/lib/grafana: data
  /tmp: scratch
probes:
  startup: {path: /api/health, port: http}
  live: {path: /api/health, port: http}
  ready: {path: /api/health, port: http}
scrape: http
ingress:
  {{- include "observability.rule" (dict "root" . "direction" "from" "ports" (list 3000) "components" (list "prometheus") "peers" .Values.networkPolicy.grafanaClients) | nindent 2 }}
egress:
  {{- include "observability.rule.dns" . | nindent 2 }}
  {{- range $name, $port := dict "prometheus" 9090 "loki" 3100 "alertmanager" 9093 }}
  {{- if (get $.Values $name).enabled }}
  {{- include "observability.rule" (dict "root" $ "direction" "to" "ports" (list $port) "components" (list $name)) | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* Dashboards know them by their uid. */}}
{{- define "observability.grafana.sources" -}}
apiVersion: 1
prune: true
datasources:
  {{- if .Values.prometheus.enabled }}
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://{{ include "observability.host" (dict "root" . "name" "prometheus") }}:9090
    isDefault: true
    jsonData:
      httpMethod: POST
      timeInterval: {{ .Values.prometheus.interval }}
  {{- end }}
  {{- if .Values.loki.enabled }}
  - name: Loki
    uid: loki
    type: loki
    access: proxy
    url: http://{{ include "observability.host" (dict "root" . "name" "loki") }}:3100
    jsonData:
      maxLines: 1000
  {{- end }}
  {{- if .Values.alertmanager.enabled }}
  - name: Alertmanager
    uid: alertmanager
    type: alertmanager
    access: proxy
    url: http://{{ include "observability.host" (dict "root" . "name" "alertmanager") }}:9093
    jsonData:
      implementation: prometheus
  {{- end }}
{{- end -}}

{{- define "observability.grafana.folders" -}}
apiVersion: 1
providers:
  - name: ondol
    folder: Ondol
    type: file
    disableDeletion: true
    allowUiUpdates: false
    options:
      path: /etc/grafana/dashboards
{{- end -}}

{{/* The ConfigMap of one file: all of them together may be too large for one. */}}
{{- define "observability.dashboard" -}}
{{ include "observability.fullname" (dict "root" .root "name" "grafana") }}-{{ base .path | trimSuffix ".json" }}
{{- end -}}
