{{ config(materialized='view') }}

with
programacion as (select * from {{ ref('raw__programacion') }}),

equivalencia as (select * from {{ ref('raw__equivalencia_cursos') }}),

cursos as (select * from {{ ref('raw__cursos') }}),

horarios as (select * from {{ ref('raw__horarios') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- A mapped code counts if the catalogue has it; with no mapping at all, codes are today's.
codigos_curso as (
    select
        curso,
        curso_actual
    from equivalencia
    where curso_actual in (select c.curso_actual from cursos as c) or not exists (select 1 from cursos)

    union

    select
        curso_actual as curso,
        curso_actual
    from cursos
    where curso_actual not in (select e.curso from equivalencia as e)
),

codigos_horario as (
    select
        horario,
        horario_actual
    from horarios

    union

    select
        horario_actual as horario,
        horario_actual
    from horarios
    where horario_actual not in (select h.horario from horarios as h)
),

final as (
    select
        s.seccion_id,
        s.periodo,
        p.indice,
        s.sede,
        s.curso,
        s.horario,
        case when exists (select 1 from codigos_curso) then cc.curso_actual else s.curso end as curso_actual,
        case when exists (select 1 from codigos_horario) then ch.horario_actual else s.horario end as horario_actual,
        s.modalidad,
        s.frecuencia,
        s.intensidad,
        s.nivel,
        coalesce(s.estado, case when s.matriculados > 0 then 'cerrado' else 'cancelado' end) as estado,
        s.matriculados,
        s.vacantes,
        s.aforo,
        s.aula,
        s.fecha_creacion
    from programacion as s
    inner join periodos as p on s.periodo = p.periodo
    left join codigos_curso as cc on s.curso = cc.curso
    left join codigos_horario as ch on s.horario = ch.horario
)

select * from final
