-- What the forecast learns from ends with the last period that the run looks at.
{% set tablas = ['secciones', 'celdas', 'series_jerarquia', 'objetivo'] %}

with
corrida as (select * from {{ ref('corrida') }})

{% for tabla in tablas %}
select
    '{{ tabla }}' as tabla,
    t.indice
from {{ ref(tabla) }} as t
inner join corrida as r on t.indice > r.indice_corte

union all

{% endfor %}
select
    'origenes' as tabla,
    t.indice_origen as indice
from {{ ref('origenes') }} as t
inner join corrida as r on t.indice_origen > r.indice_corte
