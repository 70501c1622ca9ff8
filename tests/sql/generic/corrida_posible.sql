{# Can the asked forecast be made from the data at hand? One row a reason why not, in the audit's columns. #}
{% test corrida_posible(model, periodos) %}
{{ config(tags=['auditoria'], store_failures=true) }}
with
corrida as (select * from {{ model }}),

calendario as (select max(indice) as ultimo_indice_calendario, max_by(periodo, indice) as ultimo_periodo from {{ periodos }}),

razones as (
    select
        r.*,
        c.*,
        (select p.periodo from {{ periodos }} as p where p.indice = r.ultimo_indice) as ultimo_periodo_conocido,
        (select p.periodo from {{ periodos }} as p where p.indice = r.ultimo_indice + 1) as siguiente,
        '{{ var("periodo") }}' as pedido,
        case
            when r.periodos_con_datos = 0 and r.as_of is not null then 'sin captura'
            when r.periodos_con_datos = 0 then 'sin datos'
            when r.indice_objetivo is null then 'fuera de calendario'
            when r.indice_objetivo > r.ultimo_indice + 1 then 'demasiado lejos'
            when r.indice_corte - r.primer_indice < 1 then 'sin historia'
            when r.indice_corte + r.horizonte > c.ultimo_indice_calendario then 'calendario corto'
        end as razon
    from corrida as r
    cross join calendario as c
)

select
    case when razon = 'calendario corto' then 'calendario' else 'programacion' end as tabla,
    cast(null as varchar) as archivo,
    cast(null as bigint) as fila,
    case when razon = 'sin datos' then 'estado, matriculados' else 'periodo' end as columna,
    case when razon = 'calendario corto' then cast(ultimo_periodo as varchar) when razon <> 'sin datos' then pedido end as valor,
    case razon
        when 'sin captura' then 'nothing had been captured at ' || cast(as_of as varchar) || ' UTC'
        when 'sin datos' then 'no section is closed and has students'
        when 'fuera de calendario' then 'the period to forecast is not in the calendar'
        when 'demasiado lejos' then 'the period to forecast comes after periods that have no data yet (the newest is ' || cast(ultimo_periodo_conocido as varchar) || ')'
        when 'sin historia' then 'fewer than two periods of history come before the period to forecast'
        when 'calendario corto' then 'ends before the last period to forecast'
    end as problema,
    case razon
        when 'sin captura' then 'ask for a later moment; `aforo status` lists the captures'
        when 'sin datos' then 'deliver periods whose sections are closed (estado cerrado, matriculados above 0)'
        when 'fuera de calendario' then 'ask for a period of the calendar, or add it there'
        when 'demasiado lejos' then 'forecast ' || cast(siguiente as varchar) || ' and look further with --horizon'
        when 'sin historia' then 'deliver at least two periods, or ask for a later period'
        when 'calendario corto' then 'add the coming periods to calendario, or lower --horizon'
    end as remedio
from razones
where razon is not null
{% endtest %}
