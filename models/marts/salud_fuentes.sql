with
capturas as (select * from {{ ref('raw__capturas') }}),

corrida as (select * from {{ ref('corrida') }}),

cuarentena as (select * from {{ ref('cuarentena') }}),

ultimas as (
    select *
    from capturas
    qualify row_number() over (partition by tabla order by capturada_en desc) = 1
)

select
    u.tabla,
    case
        when u.filas = 0 then 'ausente'
        when u.run_id = r.run_id then 'viva'
        else 'respaldo'
    end as estado,
    u.filas,
    u.origen,
    u.capturada_en,
    case when u.tabla = 'programacion' then (select count(distinct q.seccion_id) from cuarentena as q) else 0 end as en_cuarentena,
    r.run_id
from ultimas as u
cross join corrida as r
order by u.tabla
