with
horarios as (select * from {{ ref('raw__horarios') }}),

secciones as (select * from {{ ref('secciones') }}),

-- The row of today's own code describes the slot; else any row that maps to it.
de_hoy as (
    select
        horario_actual,
        turno,
        franja,
        bloques,
        hora_inicio,
        hora_fin
    from horarios
    qualify row_number() over (partition by horario_actual order by horario <> horario_actual, horario) = 1
),

vistos as (
    select distinct horario_actual
    from secciones
    where not exists (select 1 from horarios)
)

select * from de_hoy
union all by name
select * from vistos
