-- Of cells in periods past. A cell whose sections were all full had as many students as seats, and may have had more who wanted one:
-- fewer than the minimum, as with so many another section could have been opened. How many more, in between: as many as cells with a few
-- free seats say, of which each next seat was the last one taken so often.
{% set ultimas = 3 %}

with
celdas as (
    select
        *,
        {{ cell_id() }} as unique_id,
        coalesce(secciones_llenas = secciones, false) as esta_llena,
        greatest(vacantes - alumnos, 0) as libres
    from {{ ref('celdas') }}
),

parametros as (select * from {{ ref('dim_parametros') }}),

-- Of the cells that reached a seat among the last ones, how many went no further, per seat.
por_periodo as (
    select
        indice,
        count(*) filter (where libres between 1 and {{ ultimas }}) as parados,
        sum(1 + {{ ultimas }} - greatest(libres, 1)) filter (where libres <= {{ ultimas }}) as alcanzados
    from celdas
    where secciones = 1
    group by indice
),

-- Of all periods up to each: nothing that came later.
frecuencias as (
    select
        indice,
        round(
            (sum(parados) over hasta + 1) / (coalesce(sum(alcanzados) over hasta, 0) + 4), 9
        ) as parte_que_para
    from por_periodo
    window hasta as (order by indice)
),

-- A full cell has one of the shares of its period that lie evenly between 0 and 1: no chance, the same ones each time.
llenas as (
    select
        c.indice,
        c.unique_id,
        m.minimo_alumnos,
        f.parte_que_para,
        (row_number() over (partition by c.indice order by c.unique_id) * 0.618034) % 1 as parte
    from celdas as c
    inner join frecuencias as f using (indice)
    inner join parametros as m on c.indice = m.indice and c.curso_actual = m.curso_actual
    where c.esta_llena and m.minimo_alumnos > 0
),

excesos as (
    select
        indice,
        unique_id,
        cast(
            floor(ln(1 - parte * (1 - pow(1 - parte_que_para, minimo_alumnos))) / ln(1 - parte_que_para)) as integer
        ) as exceso
    from llenas
)

select
    c.indice,
    c.unique_id,
    c.alumnos,
    c.esta_llena,
    coalesce(e.exceso, 0) as exceso,
    c.alumnos + coalesce(e.exceso, 0) as demanda
from celdas as c
left join excesos as e using (indice, unique_id)
