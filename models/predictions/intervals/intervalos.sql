-- The errors of its class (kind and size), else of its kind, else of its level; of a level with few, their size alone
-- on a normal's shape; with fewer, a Poisson's width, and above the cells that of an error of a tenth.
{% set minimo_clase = 100 %}
{% set minimo_nivel = 40 %}
{% set minimo_pocos = 5 %}
{% set error_previo = 0.1 %}

with
reconciliados as (select * from {{ ref('pronosticos_reconciliados') }}),

nodos as (select * from {{ ref('nodos_jerarquia') }}),

dispersion as (
    select
        *,
        struct_pack(z025 := z025, z10 := z10, z50 := z50, z90 := z90, z975 := z975) as forma,
        struct_pack(
            z025 := -1.96 * raiz_cuadratica,
            z10 := -1.2816 * raiz_cuadratica,
            z50 := cast(0 as double),
            z90 := 1.2816 * raiz_cuadratica,
            z975 := 1.96 * raiz_cuadratica
        ) as forma_normal
    from {{ ref('dispersion') }}
),

con_clase as (
    select
        r.indice_origen,
        r.h,
        r.nivel_jerarquia,
        r.unique_id,
        coalesce(t.tipo_demanda, 'todas') as tipo_demanda,
        {{ tramo('r.yhat') }} as tramo,
        r.yhat as media,
        -- A Poisson's root mean square in units of the root of the size is 1; sums of cells that go together miss more.
        sqrt(1 + if(r.nivel_jerarquia = 'celda', 0, r.yhat * {{ error_previo }} ** 2)) as anchura_previa
    from reconciliados as r
    left join nodos as t using (nivel_jerarquia, unique_id)
),

con_forma as (
    select
        p.*,
        case
            when c.residuos is not null then 'residuos_clase'
            when t.residuos is not null then 'residuos_tipo'
            when n.residuos >= {{ minimo_nivel }} then 'residuos_nivel'
            when n.residuos >= {{ minimo_pocos }} then 'residuos_pocos'
            else 'poisson'
        end as metodo_intervalo,
        coalesce(
            c.forma,
            t.forma,
            case when n.residuos >= {{ minimo_nivel }} then n.forma end,
            case when n.residuos >= {{ minimo_pocos }} then n.forma_normal end,
            struct_pack(
                z025 := -1.96 * p.anchura_previa,
                z10 := -1.2816 * p.anchura_previa,
                z50 := cast(0 as double),
                z90 := 1.2816 * p.anchura_previa,
                z975 := 1.96 * p.anchura_previa
            )
        ) as forma
    from con_clase as p
    left join dispersion as c
        on
            p.indice_origen = c.indice_origen
            and p.h = c.h
            and p.nivel_jerarquia = c.nivel_jerarquia
            and p.tipo_demanda = c.tipo_demanda
            and p.tramo = c.tramo
            and c.residuos >= {{ minimo_clase }}
    left join dispersion as t
        on
            p.indice_origen = t.indice_origen
            and p.h = t.h
            and p.nivel_jerarquia = t.nivel_jerarquia
            and p.tipo_demanda = t.tipo_demanda
            and t.tramo is null
            and t.residuos >= {{ minimo_clase }}
    left join dispersion as n
        on
            p.indice_origen = n.indice_origen
            and p.h = n.h
            and p.nivel_jerarquia = n.nivel_jerarquia
            and n.tipo_demanda is null
            and n.tramo is null
)

select
    indice_origen,
    h,
    nivel_jerarquia,
    unique_id,
    tipo_demanda,
    media,
    sqrt(greatest(media, 1)) as unidad,
    metodo_intervalo,
    struct_extract(forma, 'z025') as z025,
    struct_extract(forma, 'z10') as z10,
    struct_extract(forma, 'z50') as z50,
    struct_extract(forma, 'z90') as z90,
    struct_extract(forma, 'z975') as z975
from con_forma
