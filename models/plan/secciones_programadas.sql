with
programacion as (select * from {{ ref('int_secciones_codificadas') }}),

destinos as (select * from {{ ref('destinos') }}),

corrida as (select * from {{ ref('corrida') }})

select
    d.indice_origen,
    d.h,
    s.sede,
    s.curso_actual,
    s.horario_actual,
    cast(count(*) filter (where s.estado <> 'cancelado') as integer) as secciones
from programacion as s
inner join destinos as d on s.indice = d.indice
inner join corrida as r on d.indice_origen = r.indice_corte
where s.curso_actual is not null and s.horario_actual is not null
group by d.indice_origen, d.h, s.sede, s.curso_actual, s.horario_actual
having count(*) filter (where s.estado <> 'cancelado') > 0
