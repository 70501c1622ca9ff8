with
cursos as (select * from {{ ref('raw__cursos') }}),

equivalencia as (select * from {{ ref('raw__equivalencia_cursos') }}),

secciones as (select * from {{ ref('secciones') }}),

-- Without a catalogue, the courses are those seen, with the attributes most of their sections have.
cursos_vistos as (
    select
        curso_actual,
        mode(nivel order by nivel) as nivel,
        mode(frecuencia order by frecuencia) as frecuencia,
        mode(intensidad order by intensidad) as intensidad
    from secciones
    where not exists (select 1 from cursos)
    group by curso_actual
),

catalogo as (
    select
        curso_actual,
        nombre,
        linea,
        programa,
        nivel,
        frecuencia,
        intensidad,
        duracion_meses,
        curso_siguiente,
        es_inicial,
        es_estacional
    from cursos

    union all by name

    select * from cursos_vistos
),

-- A successor may be named by an old code.
sucesores as (
    select
        c.curso_actual,
        coalesce(e.curso_actual, c.curso_siguiente) as siguiente
    from catalogo as c
    left join equivalencia as e on c.curso_siguiente = e.curso
),

sucesores_validos as (
    select
        s.curso_actual,
        case
            when s.siguiente in (select c.curso_actual from catalogo as c) and s.siguiente <> s.curso_actual
                then s.siguiente
        end as curso_siguiente
    from sucesores as s
),

con_predecesor as (
    select distinct curso_siguiente as curso_actual
    from sucesores_validos
),

final as (
    select
        c.curso_actual,
        c.nombre,
        coalesce(c.linea, 'SIN LINEA') as linea,
        coalesce(c.programa, 'SIN PROGRAMA') as programa,
        coalesce(c.nivel, 'SIN NIVEL') as nivel,
        coalesce(c.frecuencia, 'SIN FRECUENCIA') as frecuencia,
        coalesce(c.intensidad, 'SIN INTENSIDAD') as intensidad,
        coalesce(c.duracion_meses, 1) as duracion_periodos,
        v.curso_siguiente,
        case
            when coalesce(c.es_estacional, false) then 'estacional'
            when
                coalesce(c.es_inicial, false)
                or p.curso_actual is null
                then 'inicial'
            else 'continuidad'
        end as tipo_demanda
    from catalogo as c
    inner join sucesores_validos as v on c.curso_actual = v.curso_actual
    left join con_predecesor as p on c.curso_actual = p.curso_actual
)

select * from final
