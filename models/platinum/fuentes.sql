with
capturas as (select * from {{ ref('raw__capturas') }}),

-- What this run found while reading: the tables that an earlier capture stands in for, and why.
respaldos as (
    select
        unnest(map_keys(motivos)) as tabla,
        unnest(map_values(motivos)) as motivo_estado
    from (select {{ reasons_of_fallback() }} as motivos)
),

ultimas as (
    select
        *,
        arg_max(capturada_en, secuencia) filter (where cambios > 0) over (partition by tabla) as cambio_en
    from capturas
    qualify row_number() over (partition by tabla order by secuencia desc, capturada_en desc) = 1
),

momento as (
    select {{ 'cast(' ~ quoted(of_this_run('as_of') | string) ~ ' as timestamp)' if of_this_run('as_of') is not none else "current_timestamp at time zone 'UTC'" }} as ahora
),

final as (
    select
        u.tabla,
        case
            when r.motivo_estado is not null then 'respaldo'
            when u.filas = 0 then 'ausente'
            when u.run_id = '{{ this_run() }}' then 'viva'
            else 'respaldo'
        end as estado,
        case
            when u.run_id = '{{ this_run() }}' then null
            when u.filas = 0 then r.motivo_estado
            else coalesce(r.motivo_estado, {{ quoted('as of ' ~ of_this_run('as_of') ~ ' UTC, as asked') if of_this_run('as_of') is not none else "'the source was not read, as asked'" }})
        end as motivo_estado,
        u.filas,
        u.periodos,
        u.origen,
        u.capturada_en,
        u.cambio_en,
        round(date_diff('second', u.capturada_en, m.ahora) / 86400.0, 2) as edad_dias
    from ultimas as u
    cross join momento as m
    left join respaldos as r on u.tabla = r.tabla
)

select * from final
