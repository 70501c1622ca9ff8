{{ landing('vacantes_estandar') }}
