-- A published forecast that can't be read is left out of marts.pronostico_y_real, and named.
{{ config(severity='warn', store_failures=true, tags=['auditoria']) }}
-- depends_on: {{ ref('pronostico_y_real') }}
{% for each in publications().refused %}
select
    'pronostico_y_real' as tabla,
    {{ quoted(each.file) }} as archivo,
    cast(null as integer) as fila,
    cast(null as varchar) as columna,
    cast(null as varchar) as valor,
    {{ quoted('this published forecast is left out: ' ~ each.reason) }} as problema,
    'put the file back from a copy of the home; without one, move it out of that folder' as remedio
union all
{% endfor %}
select
    null as tabla,
    null as archivo,
    null as fila,
    null as columna,
    null as valor,
    null as problema,
    null as remedio
where false
