{{- define "sgp-sam.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 54 | trimSuffix "-" }}
{{- end }}

{{- /* At most 54 characters, so that "-headless" still fits into a DNS label. */ -}}
{{- define "sgp-sam.fullname" -}}
{{- $name := include "sgp-sam.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 54 | trimSuffix "-" }}
{{- end }}

{{- define "sgp-sam.selector" -}}
app.kubernetes.io/name: {{ include "sgp-sam.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sgp-sam.labels" -}}
{{ include "sgp-sam.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "sgp-sam.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- /* What a schema cannot say: two values that contradict each other. */ -}}
{{- define "sgp-sam.check" -}}
{{- $cuda := regexFindAll "cuda:" .Values.server.device -1 | len }}
{{- if gt $cuda (int .Values.gpu.count) }}
{{- fail (printf "server.device is %q but gpu.count is %d: set gpu.count=%d, or server.device=auto or cpu" .Values.server.device (int .Values.gpu.count) $cuda) }}
{{- end }}
{{- if lt (int64 .Values.server.maxBytesInFlight) (int64 .Values.server.maxVolumeBytes) }}
{{- fail "server.maxBytesInFlight must be at least server.maxVolumeBytes" }}
{{- end }}
{{- if and .Values.model.subPath (not .Values.model.existingClaim) }}
{{- fail "model.subPath is a folder inside a claim: set model.existingClaim too" }}
{{- end }}
{{- $own := dict "SGPSAM_MODEL" "model.path" "SGPSAM_LISTEN" "service.grpcPort" "SGPSAM_HTTP_LISTEN" "service.httpPort"
    "SGPSAM_DEVICE" "server.device" "SGPSAM_PRECISION" "server.precision" "SGPSAM_THREADS" "server.threads"
    "SGPSAM_MAX_IN_FLIGHT" "server.maxInFlight" "SGPSAM_MAX_CALLS" "server.maxCalls"
    "SGPSAM_MAX_BYTES_IN_FLIGHT" "server.maxBytesInFlight" "SGPSAM_MAX_VOLUME_BYTES" "server.maxVolumeBytes"
    "SGPSAM_DRAIN_TIMEOUT" "server.drainSeconds" }}
{{- range $name, $value := .Values.server.extraEnv }}
{{- with get $own $name }}
{{- fail (printf "server.extraEnv.%s: set %s instead" $name .) }}
{{- end }}
{{- end }}
{{- if eq (int .Values.service.grpcPort) (int .Values.service.httpPort) }}
{{- fail "service.grpcPort and service.httpPort must differ" }}
{{- end }}
{{- end }}
