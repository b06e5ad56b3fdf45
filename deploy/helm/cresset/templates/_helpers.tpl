{{- define "cresset.labels" -}}
app.kubernetes.io/name: cresset
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "cresset.selector" -}}
app.kubernetes.io/name: cresset
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
