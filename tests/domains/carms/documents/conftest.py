"""Invented program descriptions in the form's own layout."""

from __future__ import annotations

import pytest

ENGLISH = """\
#  Northern University - Family Medicine - Rural Immersion -
Valemont

#  2031 R-1 Main Residency Match - first iteration  
CMG Stream for CMG  

##  Last approved on February 04, 2031

Summary of changes

## Approximate Quota:

##   4 click here

##  Accreditation status : Accredited

##  Provincial Criteria

* * *

Program Director Dr. Ada Example  
Dr. Ben Sample  

Address Department of Examples, Room 12  
1 Invented Road  
Sampletown, Ontario, k1a0b1  

Work  (555) 555-0100 ext. 12

Fax  (555) 555-0101

Websites of Interest Our Program  
A Video [2 min]: What We Do for
Communities  

* * *

# Program Contacts

General Information: Rural site

Name: Dr. Ada Example

Title: Program Director

Email: ada@example.org

Phone: (555) 555-0100

555-555-0199 (Fax)



Name: Ben Sample

Title: Coordinator



* * *

# Important Information

Read this.

# **ACLS**

Bring your card.

* * *

# Return of Service

The stream is subject to a Return of Service (ROS).

* * *

# General Instructions

Program application language: Either English or French

* * *

# Supporting Documentation / Information

Canadian citizenship

Required

Submit one of the following documents to verify your Canadian citizenship:  
• Canadian Birth Certificate or Act of Birth  
• Passport page showing Canadian Citizenship

Language proficiency

Conditionally required

Submit one of the following documents to verify your language proficiency:  
• IELTS  
• Occupational English Test (OET) - Medicine

Examinations

Required

Casper

Write to ada@example.org if you cannot sit it.

Additional required IMG documents

NAC

* Score and document(s)

* NAC examination - Statement of results

Reference documents

Required

Letter of reference  Number requested: 3

Three letters.

Additional documents

Required

Personal Letter  

Word count

Minimum :  250

Maximum :  1,000

Optional - will be reviewed

Photo

[Note: Photograph is used as memory aid only]

* * *

# Review Process

Will be considered until  
Will NOT be considered

* * *

# Interviews

Dates:

  * January 20, 2031
  * January 21, 2031

Details regarding interview dates: A social is held on January 5, 2031. All
interviews are virtual.

* * *

# Selection Criteria

We like kindness.

## Program goals

To teach.

## File review process

Average number of applications received by our program in the last five years
: 51 - 200  

Average percentage of applicants offered interviews : 76 - 100 %  

Evaluation criteria :  

File component | Criteria  
---|---  
CV |  A clear life.   
Electives |  We do not evaluate this file component   
Examinations |  
Other file component(s) |  Kindness.

And patience, ask ada@example.org.  

## Elective criteria

Elective Requirements: We encourage applicants to have completed at least one
elective in our discipline.

On Site Elective: We do not require applicants to have done onsite electives.

## Interview process

Interview format :  
Traditional (one on one/two on one)  
Panel  

We may accommodate requests to re-schedule interviews for applicants due to
weather, technology failure, or unforeseen circumstances.

Interview evaluation criteria :

Interview components | Criteria  
---|---  
Collegiality |  Works with others.   
Health advocacy |  Not evaluated   

## Information gathered outside of CaRMS application

Specifically, we may consider:  
Social media  

## Ranking process

Did not attend interview  

* * *

# Program Highlights

# Training Sites

Not the section of this name.

* * *

# Program Curriculum

This residency program is for 5 years.

* * *

# Training Sites

A hospital.

* * *

# FAQ

**Can I?** Yes.

* * *

# Summary of changes

SUMMARY ID | Section  
---|---
"""

FRENCH = """\
#  Université du Nord - Médecine familiale - Val-Inventé  

#  Jumelage principal R-1 de 2031 - premier tour  
Groupe Régulier pour Tous  

##  Approuve le October 15, 2031

## Quota approximatif:

##   14

##  Statut d’agrément : Agréé selon des arrangements conjoints entre les
institutions

##  Criteres provinciaux

* * *

Directeur de programme Dr(e) Ève Exemple  

Adresse Médecine de famille  
1, rue Inventée  
Val-Inventé, Québec, J1H 5N4  

Travail  555 555-0100, poste 12

Télécopieur

Sites Web d'interet Programme  

* * *

# Personnes à contacter

Information generale: Le programme

Nom: Madame Ève Exemple

Titre : Secrétaire

Adresse électronique : eve@exemple.org

Téléphone: 555 555-0100



* * *

# Service post-formation

S/O

* * *

# Instruction generale

Langue de candidature du programme :  Français

* * *

# Documents / Information à l’appui

Citoyenneté canadienne

Requis

Soumettez un des documents suivants afin de vérifier votre statut de
citoyenneté canadienne :  
• Certificat de citoyenneté canadienne  
• Preuve de citoyenneté / résidence permanente canadienne en cours de
traitement)

Compétences linguistiques

Requis à titre conditionnel

Soumettez un des documents suivants afin de vérifier vos compétences
linguistiques :  
• Examens de compétence de la langue française

  * TEF (Test d'evaluation de français)
  * Le Test de français international (TFI) n'est plus reconnu

Examens

Requis

CProMF

Documents additionnels requis pour les DIM

EACMC, partie I

CNE

Documents de référence

Requis

Lettre de recommandation structurée en médecine familiale  Nombre de
document(s) demandé: 1

Documents supplémentaires

Optionnels - seront examinés

Lettre de motivation  

Nombre de mots

Minimum :  Aucun

Maximum :  500

* * *

# Processus d'examen des candidatures

seront pris en considération

* * *

# Entrevues

Dates:

  * 31 janvier 2031
  * 1er février 2031

Renseignements concernant les dates d'entrevue : en présentiel, le 3 mars 2031.

* * *

# Critères de sélection

## Processus d’examen des dossiers

Nombre moyen de demandes soumises au programme pendant les cinq dernières
années : 601 +  

Pourcentage moyen de candidats invités à une entrevue : 0 - 25 %  

Composants de dossier | Critères  
---|---  
Curriculum vitae |  Nous portons attention au parcours.   
Stages à option |  Nous n’examinons pas cette composante de dossier   

## Critères de stage à option

Exigences des stages a option: Il n'y a pas d'exigences en lien avec les
stages à option

Stage a option dans notre etablissement: Nous preferons des candidats qui ont
suivi des stages a option dans notre etablissement.

## Processus d‘entrevue

Nous ne reportons pas les entrevues pour les candidats après avoir complété le
processus de planification.

Composants d’entrevue | Critères  
---|---  
Collégialité |  Oui.   
Promotion de la santé |  Nous n'évaluons pas cette composante.   

## Information recueillie à l’extérieur de la candidature de CaRMS

Nous n’examinons pas l’information recueillie à l’extérieur de la candidature
de CaRMS et des processus locaux d’entrevue.  

* * *

# Programme d'étude

Ce programme de résidence est d'une durée de 2 années.

* * *

# Site de formation

Un hôpital.
"""


@pytest.fixture(scope="session")
def english() -> str:
    """A description as the JSON has it: links removed, quota heading split."""
    return ENGLISH


@pytest.fixture(scope="session")
def english_original() -> str:
    """The same description as it was first rendered: links, quota on one line, footer."""
    return (
        ENGLISH.replace(
            "## Approximate Quota:\n\n##   4 click here",
            "## Approximate Quota: 4 [click here](https://example.org/q)",
        )
        .replace("##  Provincial Criteria", "##  [Provincial Criteria](https://example.org/c-\nd/)")
        .replace("Interest Our Program  ", "Interest [ Our Program\n](https://example.org/our)  ")
        .replace(
            "A Video [2 min]: What We Do for\nCommunities  ",
            "[ A Video [2 min]: What We Do for\nCommunities ](https://example.org/v_\\(1\\))  ",
        )
        .replace("Email: ada@example.org", "Email: [ada@example.org](mailto:ada@example.org)")
        + "\n\n\n\nSource: https://example.org/pd/1?programLanguage=en\nID: 1-2\n"
    )


@pytest.fixture(scope="session")
def french() -> str:
    """A French description as the JSON has it."""
    return FRENCH
