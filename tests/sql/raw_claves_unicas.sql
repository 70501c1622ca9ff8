-- A contract key that is null or there twice as of a moment: the snapshot's validities overlap.
-- All raw tables in one test: a test takes about 0.1 s of every run.
{% set claves = {
    'capturas': ['run_id', 'tabla'],
    'historia_programacion': ['seccion_id', 'vigente_desde'],
    'vaciados': ['vaciado_en'],
} %}
{% for tabla in contract_tables() %}
{% do claves.update({tabla: contract_of(tabla).clave if execute else ['parsing']}) %}
{% endfor %}

{% for tabla, clave in claves.items() %}
select
    '{{ tabla }}' as tabla,
    concat_ws(', ', {{ clave | join(', ') }}) as clave,
    count(*) as filas
from {{ ref('raw__' ~ tabla) }}
group by {{ clave | join(', ') }}
having count(*) > 1 or {{ clave | join(' is null or ') }} is null
{{ 'union all' if not loop.last }}
{% endfor %}
