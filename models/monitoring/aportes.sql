with
secciones as (select * from {{ ref('secciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

corrida as (select * from {{ ref('corrida') }}),

dictadas as (
    select
        s.indice,
        s.matriculados,
        'todo' as total,
        s.sede,
        k.programa,
        s.curso_actual as curso,
        s.horario_actual as horario
    from secciones as s
    inner join cursos as k on s.curso_actual = k.curso_actual
    where s.se_dicto
),

por_nivel as (
    unpivot dictadas
    on total, sede, programa, curso, horario
    into name nivel value donde
),

sumas as (
    select
        nivel,
        donde,
        indice,
        sum(matriculados) as alumnos
    from por_nivel
    group by nivel, donde, indice
),

abiertos as (
    select
        indice,
        bool_or(es_provisional) as es_provisional
    from secciones
    group by indice
),

-- Every place in every period from its first one on: nobody is a number, too.
rejilla as (
    select
        u.nivel,
        u.donde,
        unnest(generate_series(min(u.indice), any_value(r.indice_corte))) as indice
    from sumas as u
    cross join corrida as r
    group by u.nivel, u.donde
)

select
    g.nivel,
    g.donde,
    cast(g.indice as integer) as indice,
    cast(coalesce(u.alumnos, 0) as integer) as alumnos,
    coalesce(a.es_provisional, false) as es_provisional
from rejilla as g
left join sumas as u using (nivel, donde, indice)
left join abiertos as a on g.indice = a.indice
