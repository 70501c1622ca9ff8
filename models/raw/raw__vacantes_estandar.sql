{{ raw_as_of('vacantes_estandar') }}
