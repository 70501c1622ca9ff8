with
{%- for tipo in alert_kinds() %}
condicion_{{ tipo }} as (select * from {{ ref('condicion_' ~ tipo) }}),
{% endfor %}
periodos as (select * from {{ ref('dim_periodos') }}),

condiciones as (
    {%- for tipo in alert_kinds() %}
    select * from condicion_{{ tipo }}
    {%- if not loop.last %}

    union all by name
    {% endif %}
    {%- endfor %}
)

select
    c.tipo,
    c.nivel,
    c.donde,
    c.periodo,
    d.fecha_inicio as fecha,
    c.valor,
    c.umbral_inferior,
    c.umbral,
    c.se_cumple
from condiciones as c
inner join periodos as d on c.periodo = d.periodo
order by c.tipo, c.nivel, c.donde, c.periodo
