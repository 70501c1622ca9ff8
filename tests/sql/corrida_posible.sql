-- The run has a period to forecast, history before it and a calendar that reaches as far as it forecasts.
{{ config(tags=['auditoria'], store_failures=true) }}

with
corrida as (select * from {{ ref('corrida') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

celdas as (select * from {{ ref('celdas') }}),

ultimo as (
    select
        max(indice) as indice,
        arg_max(periodo, indice) as periodo
    from periodos
),

problemas as (
    select
        r.*,
        u.periodo as ultimo_periodo,
        case
            when r.ultimo_indice is null then 'sin_datos'
            when r.indice_corte is null
                then '{{ "calendario_corto" if of_this_run("periodo") is none else "periodo_desconocido" }}'
            when r.indice_corte < r.primer_indice then 'sin_historia'
            when u.indice < r.indice_corte + r.horizonte then 'calendario_corto'
            when r.indice_corte > r.ultimo_indice and r.indice_corte not in (select c.indice from celdas as c)
                then 'aun_no_conocido'
        end as caso
    from corrida as r
    cross join ultimo as u
)

select
    case when caso in ('periodo_desconocido', 'calendario_corto') then 'calendario' else 'programacion' end as tabla,
    cast(null as varchar) as archivo,
    cast(null as bigint) as fila,
    'periodo' as columna,
    case caso
        when 'calendario_corto' then cast(ultimo_periodo as varchar)
        else {{ "'" ~ of_this_run('periodo') ~ "'" if of_this_run('periodo') is not none else 'null' }}
    end as valor,
    case caso
        when 'sin_datos' then 'no period has a closed section with students'
        when 'periodo_desconocido' then 'the period asked for is not in the calendar'
        when 'sin_historia' then 'no period before the one asked for has students'
        when 'calendario_corto' then 'the calendar ends before the last period to forecast'
        else 'the period before the one asked for has no students yet'
    end as problema,
    case caso
        when 'sin_datos' then 'deliver periods that are over, with their sections closed'
        when 'periodo_desconocido' then 'ask for a period of the calendar, or add it to the table calendario'
        when 'sin_historia' then 'ask for a later period, or deliver more history'
        when 'calendario_corto' then 'add the coming periods to the table calendario, or forecast fewer (--horizon)'
        else 'ask for an earlier period, or deliver the sections of the period before it'
    end as remedio
from problemas
where caso is not null
